using System.Runtime.Serialization;

namespace EsoCore.Runtime.Serialization;

/// <summary>Reads the names of generic types in messages: <c>versioned`1&lt;site-definition&gt;</c>.</summary>
internal static class TypeNames
{
    private const int MaxDepth = 8;
    private const int MaxLength = 1_024;

    /// <summary>The type of this name, made of types that are known by theirs.</summary>
    /// <exception cref="SerializationException">It is none.</exception>
    public static Type Parse(string name, Func<string, Type?> find)
    {
        if (name.Length > MaxLength) throw new SerializationException("The name of a type is too long.");
        int at = 0;
        Type type = Parse(name, ref at, find, 0);
        return at == name.Length ? type : throw Unknown(name);
    }

    private static Type Parse(string name, ref int at, Func<string, Type?> find, int depth)
    {
        int end = at;
        while (end < name.Length && name[end] is not ('<' or '>' or ',')) end++;
        Type type = find(name[at..end]) ?? throw Unknown(name);
        at = end;
        if (!type.IsGenericTypeDefinition) return type;
        if (depth >= MaxDepth || at >= name.Length || name[at] != '<') throw Unknown(name);
        List<Type> arguments = [];
        do
        {
            at++;
            arguments.Add(Parse(name, ref at, find, depth + 1));
        }
        while (at < name.Length && name[at] == ',');
        if (at >= name.Length || name[at++] != '>' || arguments.Count != type.GetGenericArguments().Length) throw Unknown(name);
        try
        {
            return type.MakeGenericType([.. arguments]);
        }
        catch (ArgumentException)
        {
            throw Unknown(name);
        }
    }

    private static SerializationException Unknown(string name) => new($"No type is known here by the name '{name}'.");
}
