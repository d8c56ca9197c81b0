using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace EsoCore.Runtime.Generators;

/// <summary>
/// Generates, for every interface of the project that derives from IGrain, a reference class and a request class per method, so that a call
/// needs neither
/// reflection nor a dictionary of names, and each argument has a typed field.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class GrainReferenceGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<InterfaceModel> interfaces = context.SyntaxProvider.CreateSyntaxProvider(
                static (node, _) => node is InterfaceDeclarationSyntax { BaseList: not null },
                static (at, cancel) => at.SemanticModel.GetDeclaredSymbol(at.Node, cancel) is INamedTypeSymbol symbol
                    ? InterfaceReader.Read(symbol, cancel)
                    : null)
            .Where(static model => model is not null)
            .Select(static (model, _) => model!);

        // Partial interfaces come once per part, all parts alike.
        IncrementalValueProvider<ImmutableArray<InterfaceModel>> all = interfaces.Collect()
            .Select(static (models, _) => models.GroupBy(model => model.FullName).Select(group => group.First())
                .OrderBy(model => model.FullName, System.StringComparer.Ordinal).ToImmutableArray());

        context.RegisterSourceOutput(all.SelectMany(static (models, _) => models), static (output, model) =>
        {
            foreach (ProblemModel problem in model.Problems.Items) output.ReportDiagnostic(Problems.Report(problem));
            if (model.Problems.Items.Count == 0) output.AddSource(model.ClassName + ".g.cs", ReferenceWriter.Reference(model));
        });

        context.RegisterSourceOutput(all, static (output, models) =>
        {
            InterfaceModel[] sound = models.Where(model => model.Problems.Items.Count == 0).ToArray();
            if (sound.Length > 0) output.AddSource("References.g.cs", ReferenceWriter.Registration(sound));
        });
    }
}
