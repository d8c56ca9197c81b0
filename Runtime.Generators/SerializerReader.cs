using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using Microsoft.CodeAnalysis;

namespace EsoCore.Runtime.Generators;

/// <summary>
/// Turns the symbol of a message type into its model. Members are the parameters of a record, numbered by position, and whatever has an
/// [Id]. A record's own [Id] members have a room of numbers of their own behind the parameters, and so have the members of each derived
/// class behind those of its base, so that adding one never moves another.
/// </summary>
internal static class SerializerReader
{
    private const string Engine = "EsoCore.Runtime";
    private const uint BodyOffset = 128;
    private const uint LevelOffset = 1_024;

    private static readonly SymbolDisplayFormat s_plain = SymbolDisplayFormat.FullyQualifiedFormat;

    /// <summary>The model, or null if the type is no message.</summary>
    public static SerializerModel? Read(INamedTypeSymbol symbol, CancellationToken cancellationToken)
    {
        if (!IsMessage(symbol) || symbol.TypeKind is not (TypeKind.Class or TypeKind.Struct)) return null;
        cancellationToken.ThrowIfCancellationRequested();
        var problems = new List<ProblemModel>();
        if (!IsVisible(symbol)) problems.Add(ProblemModel.At(symbol, Problems.HiddenMessage, symbol.Name));
        List<(ISymbol Symbol, MemberModel Model)> members = MembersOf(symbol);
        foreach (MemberModel[] same in members.Select(member => member.Model).GroupBy(model => model.Id).Select(group => group.ToArray()))
        {
            if (same.Length > 1)
                problems.Add(ProblemModel.At(symbol, Problems.SameMemberId, symbol.Name, same[0].Name, same[1].Name));
        }

        int[] arguments = symbol.IsAbstract ? Array.Empty<int>() : ChooseConstructor(symbol, members, problems);
        IEnumerable<MemberModel> models = members.Select((member, i) => member.Model with { IsSet = !arguments.Contains(i) });
        string fullName = symbol.ToDisplayString(s_plain);
        ITypeParameterSymbol[] parameters = TypeParameters(symbol).ToArray();
        return new SerializerModel(
            fullName,
            OpenName(symbol),
            Mangle(fullName),
            parameters.Length == 0 ? "" : $"<{string.Join(", ", parameters.Select(parameter => parameter.Name))}>",
            string.Join(" ", parameters.Select(Constraint)),
            AliasOf(symbol) ?? MetadataName(symbol),
            symbol.IsValueType,
            symbol.IsAbstract,
            new(models),
            new(arguments),
            new(problems));
    }

    private static List<(ISymbol Symbol, MemberModel Model)> MembersOf(INamedTypeSymbol symbol)
    {
        var levels = new List<INamedTypeSymbol>();
        for (INamedTypeSymbol? type = symbol; type is not null; type = type.BaseType)
        {
            if (IsMessage(type)) levels.Insert(0, type);
        }

        var members = new List<(ISymbol, MemberModel)>();
        uint offset = 0;
        foreach (INamedTypeSymbol level in levels)
        {
            int before = members.Count;
            AddMembers(level, offset, members);
            if (members.Count > before) offset += LevelOffset;
        }

        return members;
    }

    private static void AddMembers(INamedTypeSymbol type, uint offset, List<(ISymbol, MemberModel)> members)
    {
        IMethodSymbol? primary = type.IsRecord ? PrimaryConstructor(type) : null;
        var positional = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < (primary?.Parameters.Length ?? 0); i++)
        {
            string name = primary!.Parameters[i].Name;
            if (type.GetMembers(name).OfType<IPropertySymbol>().FirstOrDefault() is not { } property) continue;
            positional.Add(name);
            if (property.IsOverride) continue;
            members.Add((property, Model(property.Name, property.Type, offset + (IdOf(property) ?? (uint)i))));
        }

        uint bodyOffset = offset + (positional.Count > 0 ? BodyOffset : 0);
        foreach (ISymbol member in type.GetMembers().Where(member => !member.IsStatic && !positional.Contains(member.Name)))
        {
            if (IdOf(member) is not { } id) continue;
            if (member is IPropertySymbol { IsIndexer: false } property)
                members.Add((member, Model(member.Name, property.Type, bodyOffset + id)));
            else if (member is IFieldSymbol field) members.Add((member, Model(member.Name, field.Type, bodyOffset + id)));
        }
    }

    private static MemberModel Model(string name, ITypeSymbol type, uint id) =>
        new(name, type.WithNullableAnnotation(NullableAnnotation.NotAnnotated).ToDisplayString(s_plain), id, IsSet: false);

    /// <summary>The constructor with the most parameters that are all members, the others being assignable.</summary>
    private static int[] ChooseConstructor(
        INamedTypeSymbol symbol, List<(ISymbol Symbol, MemberModel Model)> members, List<ProblemModel> problems)
    {
        foreach (IMethodSymbol constructor in symbol.InstanceConstructors.OrderByDescending(one => one.Parameters.Length))
        {
            if (!IsVisible(constructor.DeclaredAccessibility)) continue;
            int[] arguments = constructor.Parameters
                .Select(parameter => members.FindIndex(member => Matches(member.Symbol, parameter))).ToArray();
            if (arguments.Contains(-1) || arguments.Distinct().Count() < arguments.Length) continue;
            if (members.Where((member, i) => !arguments.Contains(i)).All(member => IsAssignable(member.Symbol))) return arguments;
        }

        problems.Add(ProblemModel.At(symbol, Problems.NotConstructible, symbol.Name));
        return Array.Empty<int>();
    }

    private static bool Matches(ISymbol member, IParameterSymbol parameter) =>
        string.Equals(member.Name, parameter.Name, StringComparison.OrdinalIgnoreCase)
        && SymbolEqualityComparer.Default.Equals((member as IPropertySymbol)?.Type ?? ((IFieldSymbol)member).Type, parameter.Type);

    private static bool IsAssignable(ISymbol member) => member switch
    {
        IPropertySymbol property => property.SetMethod is { DeclaredAccessibility: Accessibility.Public or Accessibility.Internal },
        IFieldSymbol field => !field.IsReadOnly && field.DeclaredAccessibility is Accessibility.Public or Accessibility.Internal,
        _ => false,
    };

    /// <summary>The constructor whose parameters a record lists behind its name, known by the properties they make.</summary>
    private static IMethodSymbol? PrimaryConstructor(INamedTypeSymbol type) => type.InstanceConstructors.FirstOrDefault(constructor =>
        constructor.Parameters.Length > 0
        && !(constructor.Parameters.Length == 1 && SymbolEqualityComparer.Default.Equals(constructor.Parameters[0].Type, type))
        && type.GetMembers("Deconstruct").OfType<IMethodSymbol>().Any(method =>
            method.IsImplicitlyDeclared && method.Parameters.Select(parameter => parameter.Name)
                .SequenceEqual(constructor.Parameters.Select(parameter => parameter.Name))));

    private static IEnumerable<ITypeParameterSymbol> TypeParameters(INamedTypeSymbol symbol) =>
        symbol.ContainingType is { } outer ? TypeParameters(outer).Concat(symbol.TypeParameters) : symbol.TypeParameters;

    private static string Constraint(ITypeParameterSymbol parameter)
    {
        var parts = new List<string>();
        if (parameter.HasUnmanagedTypeConstraint) parts.Add("unmanaged");
        else if (parameter.HasValueTypeConstraint) parts.Add("struct");
        if (parameter.HasReferenceTypeConstraint) parts.Add("class");
        if (parameter.HasNotNullConstraint) parts.Add("notnull");
        parts.AddRange(parameter.ConstraintTypes.Select(type => type.ToDisplayString(s_plain)));
        if (parameter.HasConstructorConstraint && !parameter.HasValueTypeConstraint) parts.Add("new()");
        return parts.Count == 0 ? "" : $"where {parameter.Name} : {string.Join(", ", parts)}";
    }

    private static string OpenName(INamedTypeSymbol symbol)
    {
        string outer = symbol.ContainingType is { } containing
            ? OpenName(containing)
            : "global::" + (symbol.ContainingNamespace.IsGlobalNamespace ? "" : symbol.ContainingNamespace.ToDisplayString());
        string arity = symbol.Arity == 0 ? "" : $"<{new string(',', symbol.Arity - 1)}>";
        return $"{outer}{(outer.EndsWith("::", StringComparison.Ordinal) ? "" : ".")}@{symbol.Name}{arity}";
    }

    private static string MetadataName(INamedTypeSymbol symbol)
    {
        if (symbol.ContainingType is { } outer) return $"{MetadataName(outer)}+{symbol.MetadataName}";
        INamespaceSymbol space = symbol.ContainingNamespace;
        return space.IsGlobalNamespace ? symbol.MetadataName : $"{space.ToDisplayString()}.{symbol.MetadataName}";
    }

    private static bool IsMessage(INamedTypeSymbol symbol) => Find(symbol, "GenerateSerializerAttribute") is not null;

    private static string? AliasOf(ISymbol symbol) => Find(symbol, "AliasAttribute")?.ConstructorArguments[0].Value as string;

    private static uint? IdOf(ISymbol symbol) => Find(symbol, "IdAttribute") is { ConstructorArguments: { Length: 1 } arguments }
        ? Convert.ToUInt32(arguments[0].Value, CultureInfo.InvariantCulture)
        : null;

    private static AttributeData? Find(ISymbol symbol, string name) => symbol.GetAttributes().FirstOrDefault(attribute =>
        attribute.AttributeClass?.Name == name && attribute.AttributeClass.ContainingNamespace.ToDisplayString() == Engine);

    private static bool IsVisible(INamedTypeSymbol symbol)
    {
        for (INamedTypeSymbol? type = symbol; type is not null; type = type.ContainingType)
        {
            if (!IsVisible(type.DeclaredAccessibility)) return false;
        }

        return true;
    }

    private static bool IsVisible(Accessibility access) =>
        access is Accessibility.Public or Accessibility.Internal or Accessibility.ProtectedOrInternal;

    private static string Mangle(string fullName)
    {
        var name = new StringBuilder("Codec_");
        foreach (char letter in fullName.Replace("global::", "")) name.Append(char.IsLetterOrDigit(letter) ? letter : '_');
        return name.ToString();
    }
}
