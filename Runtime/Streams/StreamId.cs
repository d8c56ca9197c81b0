using System.Globalization;

namespace EsoCore.Runtime;

/// <summary>The identity of a stream: a namespace and a key, compared exactly.</summary>
public readonly struct StreamId : IEquatable<StreamId>
{
    private readonly string? _namespace;
    private readonly string? _key;

    private StreamId(string? ns, string key)
    {
        _namespace = ns;
        _key = key;
    }

    /// <summary>Makes an identity with a text key.</summary>
    public static StreamId Create(string? ns, string key) =>
        new(string.IsNullOrEmpty(ns) ? null : ns, key ?? throw new ArgumentNullException(nameof(key)));

    /// <summary>Makes an identity with a Guid key.</summary>
    public static StreamId Create(string? ns, Guid key) => Create(ns, key.ToString("N"));

    /// <summary>Makes an identity with an integer key.</summary>
    public static StreamId Create(string? ns, long key) => Create(ns, key.ToString(CultureInfo.InvariantCulture));

    /// <summary>The key as text.</summary>
    public string GetKeyAsString() => _key ?? "";

    /// <summary>The namespace, or null if there is none.</summary>
    public string? GetNamespace() => _namespace;

    /// <inheritdoc/>
    public bool Equals(StreamId other) => _key == other._key && _namespace == other._namespace;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StreamId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_namespace, _key);

    /// <summary>The identity as <c>namespace/key</c>.</summary>
    public override string ToString() => $"{_namespace ?? "null"}/{_key}";

    /// <summary>Equality by namespace and key.</summary>
    public static bool operator ==(StreamId left, StreamId right) => left.Equals(right);

    /// <summary>Inequality by namespace and key.</summary>
    public static bool operator !=(StreamId left, StreamId right) => !left.Equals(right);
}
