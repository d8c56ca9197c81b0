namespace EsoCore.Runtime;

/// <summary>The key of a grain as text. Integer keys are written in upper-case hexadecimal, Guid keys as 32 digits.</summary>
public readonly struct IdSpan : IEquatable<IdSpan>
{
    private readonly string? _value;

    private IdSpan(string value) => _value = value;

    /// <summary>True for <c>default</c>, which is no key.</summary>
    public bool IsDefault => _value is null;

    /// <summary>Makes a key from text.</summary>
    public static IdSpan Create(string id) => new(id ?? throw new ArgumentNullException(nameof(id)));

    /// <inheritdoc/>
    public bool Equals(IdSpan other) => string.Equals(_value, other._value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IdSpan other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _value?.GetHashCode() ?? 0;

    /// <summary>The same number in every process and release.</summary>
    public uint GetUniformHashCode() => StableHash.Compute(ToString());

    /// <summary>The key's text, or an empty string for <c>default</c>.</summary>
    public override string ToString() => _value ?? "";

    /// <summary>Equality by text.</summary>
    public static bool operator ==(IdSpan left, IdSpan right) => left.Equals(right);

    /// <summary>Inequality by text.</summary>
    public static bool operator !=(IdSpan left, IdSpan right) => !left.Equals(right);
}
