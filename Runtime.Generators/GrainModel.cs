using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace EsoCore.Runtime.Generators;

/// <summary>
/// What is to be generated for one grain interface. Compared by value, so that an unchanged interface is not generated again.
/// </summary>
internal sealed record InterfaceModel(
    string FullName, string ClassName, EquatableList<MethodModel> Methods, EquatableList<ProblemModel> Problems);

/// <summary>One method of a grain interface, its own or inherited.</summary>
internal sealed record MethodModel(
    string DeclaringInterface,
    string Alias,
    string Name,
    string Id,
    string Options,
    string? Timeout,
    ReturnKind Kind,
    string ReturnType,
    string ResultType,
    EquatableList<ParameterModel> Parameters);

/// <summary>One parameter. <see cref="TypeOf"/> is the type without nullable annotations, as typeof wants it.</summary>
internal sealed record ParameterModel(string Name, string Type, string TypeOf, bool IsCancellationToken);

/// <summary>A diagnostic to be reported.</summary>
internal sealed record ProblemModel(string Id, EquatableList<string> Arguments, string Path, TextSpan Span, LinePositionSpan Lines)
{
    public static ProblemModel At(ISymbol symbol, DiagnosticDescriptor descriptor, params string[] arguments)
    {
        Location location = symbol.Locations.FirstOrDefault(place => place.IsInSource) ?? Location.None;
        string path = location.SourceTree?.FilePath ?? "";
        return new ProblemModel(descriptor.Id, new(arguments), path, location.SourceSpan, location.GetLineSpan().Span);
    }

    public Location Location => Path.Length == 0 ? Location.None : Location.Create(Path, Span, Lines);
}

/// <summary>What a grain method returns.</summary>
internal enum ReturnKind
{
    Task,
    TaskOfT,
    ValueTask,
    ValueTaskOfT,
}

/// <summary>A list that equals another with equal elements.</summary>
internal sealed class EquatableList<T>(IEnumerable<T> items) : IEquatable<EquatableList<T>>
{
    public IReadOnlyList<T> Items { get; } = items.ToArray();

    public bool Equals(EquatableList<T>? other) => other is not null && Items.SequenceEqual(other.Items);

    public override bool Equals(object? obj) => Equals(obj as EquatableList<T>);

    public override int GetHashCode() => Items.Aggregate(17, (hash, item) => unchecked(hash * 31 + (item?.GetHashCode() ?? 0)));
}
