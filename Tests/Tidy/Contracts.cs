using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using EsoCore.Grains;

namespace EsoCore.Tests.Tidy;

/// <summary>The messages, states and grain interfaces of the compiled grain assemblies.</summary>
internal static class Contracts
{
    private static readonly HashSet<Type> Values =
    [
        typeof(string), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly),
        typeof(TimeSpan), typeof(Int128), typeof(UInt128), typeof(CancellationToken), typeof(void),
    ];

    /// <summary>Types that cross between grains or are stored by them.</summary>
    public static IReadOnlyList<Type> Messages { get; } = [.. Assemblies()
        .SelectMany(a => a.GetTypes())
        .Where(t => t.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
        .OrderBy(t => t.FullName, StringComparer.Ordinal)];

    /// <summary>Interfaces of grains.</summary>
    public static IReadOnlyList<Type> Interfaces { get; } = [.. typeof(Scope).Assembly.GetTypes()
        .Where(t => t.IsInterface && typeof(IGrain).IsAssignableFrom(t))
        .OrderBy(t => t.FullName, StringComparer.Ordinal)];

    /// <summary>Types that grains keep as persistent state.</summary>
    public static IReadOnlyList<Type> States { get; } = [.. typeof(GrainServices).Assembly.GetTypes()
        .SelectMany(t => t.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance))
        .SelectMany(c => c.GetParameters())
        .Where(p => p.ParameterType.IsGenericType && p.ParameterType.GetGenericTypeDefinition() == typeof(IPersistentState<>))
        .Select(p => p.ParameterType.GenericTypeArguments[0])
        .Distinct()];

    /// <summary>Properties of a message that are part of it: those that a value can be given.</summary>
    public static IEnumerable<PropertyInfo> Members(Type type) =>
        type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(p => p.Name != "EqualityContract" && p.GetIndexParameters().Length == 0);

    /// <summary>
    /// How messages name a member: by the number it has, or by its place among the parameters of the primary constructor, which is its
    /// number there. A member with neither does not cross between processes.
    /// </summary>
    public static string Id(PropertyInfo member)
    {
        if (member.GetCustomAttribute<IdAttribute>() is { } id)
            return $"#{id.Id}";
        var parameters = member.DeclaringType!.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(c => c.GetParameters()).MaxBy(p => p.Length) ?? [];
        return parameters.FirstOrDefault(p => p.Name == member.Name) is { } parameter ? $"{parameter.Position}" : "-";
    }

    /// <summary>Why a type is not immutable, or nothing.</summary>
    public static IEnumerable<string> Faults(Type type)
    {
        foreach (var property in Members(type))
        {
            if (property.SetMethod is { } set && !set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)))
                yield return $"{Name(type)}.{property.Name} can be set";

            // Fields of a newer program come in the only shape that the serialiser knows for them; they are carried and never looked at.
            if (!IsImmutable(property.PropertyType) && !property.IsDefined(typeof(JsonExtensionDataAttribute)))
                yield return $"{Name(type)}.{property.Name} is a {Name(property.PropertyType)}";
        }

        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            if (!field.IsInitOnly && !field.IsDefined(typeof(CompilerGeneratedAttribute)))
                yield return $"{Name(type)}.{field.Name} can be set";
        }
    }

    /// <summary>
    /// Whether nobody can change a value of the type: plain values, immutable collections, read-only memory, and messages.
    /// </summary>
    public static bool IsImmutable(Type type)
    {
        if (type.IsGenericParameter || type.IsPrimitive || type.IsEnum || Values.Contains(type))
            return true;
        if (type.IsGenericType)
        {
            var open = type.GetGenericTypeDefinition();
            var holds = open == typeof(Nullable<>) || open == typeof(ReadOnlyMemory<>) || open.IsDefined(typeof(ImmutableAttribute), inherit: false)
                || (open.Namespace == typeof(ImmutableArray).Namespace && open.Name.StartsWith("Immutable", StringComparison.Ordinal));
            return holds && type.GenericTypeArguments.All(IsImmutable);
        }

        return !typeof(IEnumerable).IsAssignableFrom(type) && type.IsDefined(typeof(ImmutableAttribute), inherit: false);
    }

    /// <summary>A type's name as a source would have it, with <c>?</c> on nullable values.</summary>
    public static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return $"{Name(inner)}?";
        if (!type.IsGenericType)
            return type.Name;
        var name = type.Name[..type.Name.IndexOf('`')];
        return $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>";
    }

    private static Assembly[] Assemblies() => [typeof(Scope).Assembly, typeof(GrainServices).Assembly];
}
