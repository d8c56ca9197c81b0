using System.Collections.Immutable;

namespace EsoCore.Runtime.Serialization;

/// <summary>
/// Keys and values in turn, in a group. Whether text is compared by its code points travels along, since a dictionary compares as it was
/// made to.
/// </summary>
internal abstract class DictionaryCodec<TDictionary, TKey, TValue> : Codec<TDictionary>
    where TDictionary : class, IEnumerable<KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    private const uint ComparerId = 0, KeyId = 1, ValueId = 2;
    private const ulong Ordinal = 1, OrdinalIgnoreCase = 2;

    public override void Check(CodecCheck check)
    {
        check.Add<TKey>();
        check.Add<TValue>();
    }

    public override void Write(ref MessageWriter writer, uint id, TDictionary value)
    {
        if (value is null)
        {
            writer.WriteNull(id);
            return;
        }

        Codec<TKey> keys = Codecs<TKey>.Instance;
        Codec<TValue> values = Codecs<TValue>.Instance;
        writer.BeginGroup(id);
        object? comparer = ComparerOf(value);
        if (ReferenceEquals(comparer, StringComparer.Ordinal)) writer.WriteVarint(ComparerId, Ordinal);
        else if (ReferenceEquals(comparer, StringComparer.OrdinalIgnoreCase)) writer.WriteVarint(ComparerId, OrdinalIgnoreCase);
        foreach ((TKey key, TValue item) in value)
        {
            keys.Write(ref writer, KeyId, key);
            values.Write(ref writer, ValueId, item);
        }

        writer.EndGroup();
    }

    public override TDictionary Read(ref MessageReader reader, WireType group)
    {
        if (group == WireType.Null) return null!;
        Codec<TKey> keys = Codecs<TKey>.Instance;
        Codec<TValue> values = Codecs<TValue>.Instance;
        reader.BeginGroup(group);
        StringComparer? comparer = null;
        IDictionary<TKey, TValue>? made = null;
        TKey key = default!;
        bool hasKey = false;
        while (reader.NextField(out uint id, out WireType type))
        {
            switch (id)
            {
                case ComparerId when made is null && typeof(TKey) == typeof(string):
                    ulong kind = reader.ReadVarint(type);
                    comparer = kind == OrdinalIgnoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
                    break;
                case KeyId:
                    key = keys.Read(ref reader, type);
                    hasKey = key is not null;
                    break;
                case ValueId when hasKey:
                    (made ??= Begin(comparer))[key!] = values.Read(ref reader, type);
                    hasKey = false;
                    break;
                case ValueId: throw reader.Malformed("a value without a key");
                default: reader.Skip(type); break;
            }
        }

        return End(made ?? Begin(comparer));
    }

    protected virtual object? ComparerOf(TDictionary value) => null;

    protected virtual IDictionary<TKey, TValue> Begin(StringComparer? comparer) =>
        new Dictionary<TKey, TValue>(comparer as IEqualityComparer<TKey>);

    protected abstract TDictionary End(IDictionary<TKey, TValue> made);
}

internal sealed class PlainDictionaryCodec<TKey, TValue> : DictionaryCodec<Dictionary<TKey, TValue>, TKey, TValue> where TKey : notnull
{
    protected override object? ComparerOf(Dictionary<TKey, TValue> value) => value.Comparer;

    protected override Dictionary<TKey, TValue> End(IDictionary<TKey, TValue> made) => (Dictionary<TKey, TValue>)made;
}

internal sealed class ReadOnlyDictionaryCodec<TKey, TValue> : DictionaryCodec<IReadOnlyDictionary<TKey, TValue>, TKey, TValue>
    where TKey : notnull
{
    protected override IReadOnlyDictionary<TKey, TValue> End(IDictionary<TKey, TValue> made) => (Dictionary<TKey, TValue>)made;
}

internal sealed class ImmutableDictionaryCodec<TKey, TValue> : DictionaryCodec<ImmutableDictionary<TKey, TValue>, TKey, TValue>
    where TKey : notnull
{
    protected override object? ComparerOf(ImmutableDictionary<TKey, TValue> value) => value.KeyComparer;

    protected override IDictionary<TKey, TValue> Begin(StringComparer? comparer) =>
        ImmutableDictionary.CreateBuilder<TKey, TValue>(comparer as IEqualityComparer<TKey>);

    protected override ImmutableDictionary<TKey, TValue> End(IDictionary<TKey, TValue> made) =>
        ((ImmutableDictionary<TKey, TValue>.Builder)made).ToImmutable();
}

internal sealed class ImmutableSortedDictionaryCodec<TKey, TValue> :
    DictionaryCodec<ImmutableSortedDictionary<TKey, TValue>, TKey, TValue>
    where TKey : notnull
{
    protected override object? ComparerOf(ImmutableSortedDictionary<TKey, TValue> value) => value.KeyComparer;

    protected override IDictionary<TKey, TValue> Begin(StringComparer? comparer) =>
        ImmutableSortedDictionary.CreateBuilder<TKey, TValue>(comparer as IComparer<TKey>);

    protected override ImmutableSortedDictionary<TKey, TValue> End(IDictionary<TKey, TValue> made) =>
        ((ImmutableSortedDictionary<TKey, TValue>.Builder)made).ToImmutable();
}
