using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;

namespace EsoCore.Grains.Projects;

/// <summary>
/// Whether what was read from a row has all that its type promises. JSON that lacks a member gives null where none can be, and would fail
/// later, in the middle of others' work.
/// </summary>
internal static class DocumentShape
{
    /// <summary>Levels looked into.</summary>
    private const int MaxDepth = 8;

    private static readonly ConcurrentDictionary<Type, ImmutableArray<(PropertyInfo Property, bool MayBeNull)>> Known = new();

    /// <summary>The path of the first member that is missing, or null.</summary>
    public static string? Missing(object value, int depth = 0)
    {
        foreach (var (property, mayBeNull) in Known.GetOrAdd(value.GetType(), PropertiesOf))
        {
            var part = property.GetValue(value);
            if (part is null ? !mayBeNull : IsUnset(part))
                return property.Name;
            if (part is not null && depth < MaxDepth && MissingIn(part, depth + 1) is { } missing)
                return $"{property.Name}.{missing}";
        }

        return null;
    }

    private static string? MissingIn(object part, int depth)
    {
        if (IsOurs(part.GetType()))
            return Missing(part, depth);
        if (part is string or not IEnumerable)
            return null;
        foreach (var item in (IEnumerable)part)
        {
            if (item is null)
                return "null";
            if (IsOurs(item.GetType()) && Missing(item, depth) is { } missing)
                return missing;
        }

        return null;
    }

    /// <summary>A list that was never given: not an empty one, and unfit for any use.</summary>
    private static bool IsUnset(object part) =>
        part.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>)
        && (bool)type.GetProperty(nameof(ImmutableArray<int>.IsDefault))!.GetValue(part)!;

    private static bool IsOurs(Type type) =>
        type is { IsClass: true } && type.Namespace?.StartsWith("EsoCore", StringComparison.Ordinal) == true;

    private static ImmutableArray<(PropertyInfo, bool)> PropertiesOf(Type type)
    {
        var nullability = new NullabilityInfoContext();
        return
        [
            .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0)
                .Select(p => (p, p.PropertyType.IsValueType || nullability.Create(p).ReadState != NullabilityState.NotNull)),
        ];
    }
}
