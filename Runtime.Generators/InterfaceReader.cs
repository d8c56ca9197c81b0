using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;

namespace EsoCore.Runtime.Generators;

/// <summary>Turns the symbol of a grain interface into its model.</summary>
internal static class InterfaceReader
{
    private const string Engine = "EsoCore.Runtime";

    private static readonly SymbolDisplayFormat s_plain = SymbolDisplayFormat.FullyQualifiedFormat;
    private static readonly SymbolDisplayFormat s_annotated =
        s_plain.AddMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    /// <summary>The model, or null if the interface is not a grain's.</summary>
    public static InterfaceModel? Read(INamedTypeSymbol symbol, CancellationToken cancellationToken)
    {
        if (!symbol.AllInterfaces.Any(IsGrain) || IsPartOfEngine(symbol)) return null;
        var problems = new List<ProblemModel>();
        if (symbol.IsGenericType) problems.Add(ProblemModel.At(symbol, Problems.Generic, symbol.Name));
        if (!IsVisible(symbol)) problems.Add(ProblemModel.At(symbol, Problems.Hidden, symbol.Name));
        var methods = new List<MethodModel>();
        IEnumerable<INamedTypeSymbol> inherited = symbol.AllInterfaces.Where(type => !IsGrain(type) && !IsPartOfEngine(type));
        foreach (INamedTypeSymbol declaring in new[] { symbol }.Concat(inherited))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (ISymbol member in declaring.GetMembers()) ReadMember(symbol, declaring, member, methods, problems);
        }

        string fullName = symbol.ToDisplayString(s_plain);
        return new InterfaceModel(fullName, Mangle(fullName), new(methods), new(problems));
    }

    private static void ReadMember(
        INamedTypeSymbol symbol, INamedTypeSymbol declaring, ISymbol member, List<MethodModel> methods, List<ProblemModel> problems)
    {
        // A problem of an inherited interface is reported where that interface is declared, unless it is in another assembly.
        ISymbol place = SymbolEqualityComparer.Default.Equals(declaring.ContainingAssembly, symbol.ContainingAssembly) ? member : symbol;
        if (member is IPropertySymbol or IEventSymbol) problems.Add(ProblemModel.At(place, Problems.NotAMethod, member.Name));
        if (member is not IMethodSymbol { MethodKind: MethodKind.Ordinary } method || (method.IsStatic && !method.IsAbstract)) return;
        int before = problems.Count;
        if (method.IsStatic) problems.Add(ProblemModel.At(place, Problems.NotAMethod, method.Name));
        if (method.IsGenericMethod) problems.Add(ProblemModel.At(place, Problems.Generic, method.Name));
        if (method.Parameters.Any(parameter => parameter.RefKind != RefKind.None || parameter.Type.IsRefLikeType)
            || method.Parameters.Count(IsToken) > 1)
            problems.Add(ProblemModel.At(place, Problems.BadParameter, method.Name));
        if (KindOf(method.ReturnType) is not { } kind)
        {
            problems.Add(ProblemModel.At(place, Problems.NotATask, method.Name));
            return;
        }

        MethodModel model = Describe(declaring, method, kind);
        if (model.Options.Contains("OneWay") && kind is ReturnKind.TaskOfT or ReturnKind.ValueTaskOfT)
            problems.Add(ProblemModel.At(place, Problems.OneWayResult, method.Name));
        if (methods.Any(other => other.DeclaringInterface == model.DeclaringInterface && other.Id == model.Id))
            problems.Add(ProblemModel.At(place, Problems.SameId, method.Name, model.Id));
        if (problems.Count == before) methods.Add(model);
    }

    private static MethodModel Describe(INamedTypeSymbol declaring, IMethodSymbol method, ReturnKind kind)
    {
        var result = ((INamedTypeSymbol)method.ReturnType).TypeArguments.FirstOrDefault();
        return new MethodModel(
            declaring.ToDisplayString(s_plain),
            Argument(declaring, "AliasAttribute") ?? declaring.ToDisplayString(s_plain).Replace("global::", ""),
            method.Name,
            Argument(method, "AliasAttribute") ?? Argument(method, "IdAttribute") ?? Signature(method),
            OptionsOf(method),
            Argument(method, "ResponseTimeoutAttribute"),
            kind,
            method.ReturnType.ToDisplayString(s_annotated),
            result?.ToDisplayString(s_annotated) ?? "",
            new(method.Parameters.Select(parameter => new ParameterModel(
                "@" + parameter.Name,
                parameter.Type.ToDisplayString(s_annotated),
                parameter.Type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(s_plain),
                IsToken(parameter)))));
    }

    // The names of types without their namespaces would not be unique, and their order in the file not stable.
    private static string Signature(IMethodSymbol method)
    {
        IEnumerable<string> types = method.Parameters.Where(parameter => !IsToken(parameter))
            .Select(parameter => parameter.Type.ToDisplayString(s_plain).Replace("global::", ""));
        return $"{method.Name}({string.Join(",", types)})";
    }

    private static string OptionsOf(IMethodSymbol method)
    {
        IEnumerable<string> options = new[] { "ReadOnly", "AlwaysInterleave", "OneWay" }
            .Where(option => Find(method, option + "Attribute") is not null)
            .Select(option => "global::EsoCore.Runtime.CodeGeneration.GrainMethodOptions." + option);
        string joined = string.Join(" | ", options);
        return joined.Length > 0 ? joined : "global::EsoCore.Runtime.CodeGeneration.GrainMethodOptions.None";
    }

    private static AttributeData? Find(ISymbol symbol, string name) =>
        symbol.GetAttributes().FirstOrDefault(attribute =>
            attribute.AttributeClass?.Name == name && attribute.AttributeClass.ContainingNamespace.ToDisplayString() == Engine);

    private static string? Argument(ISymbol symbol, string attribute) =>
        Find(symbol, attribute) is { ConstructorArguments: { Length: 1 } arguments }
            ? System.Convert.ToString(arguments[0].Value, CultureInfo.InvariantCulture)
            : null;

    private static ReturnKind? KindOf(ITypeSymbol type)
    {
        if (type is not INamedTypeSymbol named || named.ContainingNamespace?.ToDisplayString() != "System.Threading.Tasks") return null;
        return (named.Name, named.Arity) switch
        {
            ("Task", 0) => ReturnKind.Task,
            ("Task", 1) => ReturnKind.TaskOfT,
            ("ValueTask", 0) => ReturnKind.ValueTask,
            ("ValueTask", 1) => ReturnKind.ValueTaskOfT,
            _ => null,
        };
    }

    private static bool IsToken(IParameterSymbol parameter) =>
        parameter.Type is { Name: "CancellationToken" } type && type.ContainingNamespace.ToDisplayString() == "System.Threading";

    private static bool IsGrain(INamedTypeSymbol type) => type.Name == "IGrain" && type.ContainingNamespace.ToDisplayString() == Engine;

    /// <summary>IAddressable and the interfaces for kinds of keys, which nobody calls.</summary>
    private static bool IsPartOfEngine(INamedTypeSymbol type) =>
        type.ContainingNamespace.ToDisplayString() == Engine
        && type.Name is "IAddressable" or "IGrainWithStringKey" or "IGrainWithGuidKey" or "IGrainWithIntegerKey";

    private static bool IsVisible(INamedTypeSymbol symbol)
    {
        for (INamedTypeSymbol? type = symbol; type is not null; type = type.ContainingType)
        {
            Accessibility access = type.DeclaredAccessibility;
            if (access is not (Accessibility.Public or Accessibility.Internal or Accessibility.ProtectedOrInternal)) return false;
        }

        return true;
    }

    private static string Mangle(string fullName)
    {
        var name = new StringBuilder("Reference_");
        foreach (char letter in fullName.Replace("global::", "")) name.Append(char.IsLetterOrDigit(letter) ? letter : '_');
        return name.ToString();
    }
}
