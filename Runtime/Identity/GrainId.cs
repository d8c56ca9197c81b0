namespace EsoCore.Runtime;

/// <summary>The identity of a grain, its type and its key; written <c>type/key</c>.</summary>
public readonly struct GrainId : IEquatable<GrainId>, IComparable<GrainId>
{
    private readonly GrainType _type;
    private readonly IdSpan _key;

    // Kept because every call looks a grain up by its hash, and hashing the key again would cost more than the look-up.
    private readonly int _hash;

    /// <summary>Makes an identity from its parts.</summary>
    public GrainId(GrainType type, IdSpan key)
    {
        _type = type;
        _key = key;
        _hash = HashCode.Combine(type.GetHashCode(), key.GetHashCode());
    }

    internal GrainId(GrainType type, int typeHash, string key)
    {
        _type = type;
        _key = IdSpan.Create(key);
        _hash = HashCode.Combine(typeHash, key.GetHashCode());
    }

    /// <summary>The kind of grain.</summary>
    public GrainType Type => _type;

    /// <summary>The key within the kind.</summary>
    public IdSpan Key => _key;

    /// <summary>True for <c>default</c>, which names no grain.</summary>
    public bool IsDefault => _type.IsDefault && _key.IsDefault;

    /// <summary>Makes an identity from a type's name and a key.</summary>
    public static GrainId Create(string type, string key) => new(GrainType.Create(type), IdSpan.Create(key));

    /// <summary>Makes an identity from a type and a key.</summary>
    public static GrainId Create(GrainType type, string key) => new(type, IdSpan.Create(key));

    /// <summary>Makes an identity from a type and a key.</summary>
    public static GrainId Create(GrainType type, IdSpan key) => new(type, key);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <exception cref="FormatException">The text has no '/' or nothing before it.</exception>
    public static GrainId Parse(string value) =>
        TryParse(value, out GrainId result) ? result : throw new FormatException($"Not a grain id, expected 'type/key': {value}");

    /// <summary>Reads what <see cref="ToString"/> wrote; false if the text has no '/' or nothing before it.</summary>
    public static bool TryParse(string? value, out GrainId result)
    {
        int slash = value?.IndexOf('/') ?? -1;
        result = slash > 0 ? Create(value![..slash], value[(slash + 1)..]) : default;
        return slash > 0;
    }

    /// <inheritdoc/>
    public bool Equals(GrainId other) => _hash == other._hash && _key.Equals(other._key) && _type.Equals(other._type);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is GrainId other && Equals(other);

    /// <summary>A hash for use within this process only; <see cref="GetUniformHashCode"/> is the one to store.</summary>
    public override int GetHashCode() => _hash;

    /// <summary>
    /// The same number in every process and release, and the same as the one Orleans computes, so that rows indexed by it survive a change
    /// of engine.
    /// </summary>
    public uint GetUniformHashCode() => unchecked(_type.GetUniformHashCode() * 31 + _key.GetUniformHashCode());

    /// <inheritdoc/>
    public int CompareTo(GrainId other)
    {
        int byType = string.CompareOrdinal(_type.ToString(), other._type.ToString());
        return byType != 0 ? byType : string.CompareOrdinal(_key.ToString(), other._key.ToString());
    }

    /// <summary>The identity as <c>type/key</c>.</summary>
    public override string ToString() => $"{_type}/{_key}";

    /// <summary>Equality by type and key.</summary>
    public static bool operator ==(GrainId left, GrainId right) => left.Equals(right);

    /// <summary>Inequality by type and key.</summary>
    public static bool operator !=(GrainId left, GrainId right) => !left.Equals(right);
}
