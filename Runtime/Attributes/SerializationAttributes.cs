namespace EsoCore.Runtime;

/// <summary>On a message: it may cross from one process to another.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
public sealed class GenerateSerializerAttribute : Attribute
{
    /// <summary>
    /// Whether the parameters of a primary constructor are members of the message; the default is what the kind of type implies.
    /// </summary>
    public bool IncludePrimaryConstructorParameters { get; init; }
}

/// <summary>On a member of a message, or on a method: its number, which never changes.</summary>
/// <param name="id">The number, unique within the type.</param>
[AttributeUsage(
    AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Class | AttributeTargets.Struct
    | AttributeTargets.Enum | AttributeTargets.Method)]
public sealed class IdAttribute(uint id) : Attribute
{
    /// <summary>The number.</summary>
    public uint Id { get; } = id;
}

/// <summary>On a type or a method: the name it goes by between processes, which survives renaming.</summary>
/// <param name="alias">The name, unique among types, or among the methods of one interface.</param>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Interface | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method,
    AllowMultiple = true)]
public sealed class AliasAttribute(string alias) : Attribute
{
    /// <summary>The name.</summary>
    public string Alias { get; } = alias;
}

/// <summary>On a message: nobody changes it after it was made, so it is handed over without a copy.</summary>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Field | AttributeTargets.Property
    | AttributeTargets.Parameter | AttributeTargets.ReturnValue,
    Inherited = false)]
public sealed class ImmutableAttribute : Attribute;
