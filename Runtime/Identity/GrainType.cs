namespace EsoCore.Runtime;

/// <summary>
/// The name of a kind of grain, for example <c>device</c>: the <see cref="GrainTypeAttribute"/> of the class, else its name in lower case
/// without "Grain".
/// </summary>
public readonly struct GrainType : IEquatable<GrainType>
{
    private readonly string? _value;

    private GrainType(string value) => _value = value;

    /// <summary>True for <c>default</c>, which names no grain type.</summary>
    public bool IsDefault => _value is null;

    /// <summary>Makes a grain type from its name.</summary>
    /// <param name="value">The name; not empty, without '/'.</param>
    /// <exception cref="ArgumentException">The name is empty or contains '/'.</exception>
    public static GrainType Create(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        if (value.Contains('/')) throw new ArgumentException($"A grain type cannot contain '/': {value}", nameof(value));
        return new GrainType(value);
    }

    /// <inheritdoc/>
    public bool Equals(GrainType other) => string.Equals(_value, other._value);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is GrainType other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _value?.GetHashCode() ?? 0;

    /// <summary>The same number in every process and release.</summary>
    public uint GetUniformHashCode() => StableHash.Compute(ToString());

    /// <summary>The name, or an empty string for <c>default</c>.</summary>
    public override string ToString() => _value ?? "";

    /// <summary>Equality by name.</summary>
    public static bool operator ==(GrainType left, GrainType right) => left.Equals(right);

    /// <summary>Inequality by name.</summary>
    public static bool operator !=(GrainType left, GrainType right) => !left.Equals(right);
}
