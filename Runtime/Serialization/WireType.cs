namespace EsoCore.Runtime.Serialization;

/// <summary>
/// How a field is laid out, the low four bits of its tag. A reader that does not know the field's id can pass over it by this alone, so
/// that programs of two releases understand each other.
/// </summary>
public enum WireType : byte
{
    /// <summary>A number of seven bits a byte, low ones first; signed numbers are zigzag-coded.</summary>
    Varint = 0,

    /// <summary>Four bytes, little-endian.</summary>
    Fixed32 = 1,

    /// <summary>Eight bytes, little-endian.</summary>
    Fixed64 = 2,

    /// <summary>Sixteen bytes, little-endian.</summary>
    Fixed128 = 3,

    /// <summary>A length as a varint, then so many bytes.</summary>
    Bytes = 4,

    /// <summary>Fields up to an <see cref="End"/>.</summary>
    Group = 5,

    /// <summary>Null; nothing follows.</summary>
    Null = 6,

    /// <summary>The end of a group.</summary>
    End = 7,

    /// <summary>The alias of a type, laid out as <see cref="Bytes"/>, then fields up to an <see cref="End"/>.</summary>
    TypedGroup = 8,
}

/// <summary>The bounds of one message.</summary>
public static class MessageLimits
{
    /// <summary>The largest message in bytes: 64 MiB. What is larger fails where it is written.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>How deep groups may lie within each other: 64.</summary>
    public const int MaxDepth = 64;
}
