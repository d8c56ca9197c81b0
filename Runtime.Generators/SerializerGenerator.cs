using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace EsoCore.Runtime.Generators;

/// <summary>Generates, for every type with [GenerateSerializer], a class that writes and reads its members by their numbers.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class SerializerGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<SerializerModel> types = context.SyntaxProvider.CreateSyntaxProvider(
                static (node, _) => node is TypeDeclarationSyntax { AttributeLists.Count: > 0 } and not InterfaceDeclarationSyntax,
                static (at, cancel) => at.SemanticModel.GetDeclaredSymbol(at.Node, cancel) is INamedTypeSymbol symbol
                    ? SerializerReader.Read(symbol, cancel)
                    : null)
            .Where(static model => model is not null)
            .Select(static (model, _) => model!);
        IncrementalValueProvider<ImmutableArray<SerializerModel>> all = types.Collect()
            .Select(static (models, _) => models.GroupBy(model => model.FullName).Select(group => group.First())
                .OrderBy(model => model.FullName, System.StringComparer.Ordinal).ToImmutableArray());

        context.RegisterSourceOutput(all.SelectMany(static (models, _) => models), static (output, model) =>
        {
            foreach (ProblemModel problem in model.Problems.Items) output.ReportDiagnostic(Problems.Report(problem));
            if (model.Problems.Items.Count == 0) output.AddSource(model.CodecName + ".g.cs", SerializerWriter.Codec(model));
        });

        context.RegisterSourceOutput(all, static (output, models) =>
        {
            SerializerModel[] sound = models.Where(model => model.Problems.Items.Count == 0).ToArray();
            if (sound.Length > 0) output.AddSource("Codecs.g.cs", SerializerWriter.Registration(sound));
        });
    }
}
