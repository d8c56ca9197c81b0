using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace EsoCore.Runtime.Serialization;

/// <summary>Null or a value.</summary>
internal sealed class NullableCodec<T> : Codec<T?> where T : struct
{
    public override void Check(CodecCheck check) => check.Add<T>();

    public override void Write(ref MessageWriter writer, uint id, T? value)
    {
        if (value is { } present) Codecs<T>.Instance.Write(ref writer, id, present);
        else writer.WriteNull(id);
    }

    public override T? Read(ref MessageReader reader, WireType type) =>
        type == WireType.Null ? null : Codecs<T>.Instance.Read(ref reader, type);
}

/// <summary>Elements in a row: a group of the count, which is only a hint, and the elements.</summary>
internal static class Elements
{
    private const uint CountId = 0, ElementId = 1;

    /// <summary>Elements that room is made for on the word of the count alone.</summary>
    private const ulong MaxTrusted = 32;

    public static void Write<T>(ref MessageWriter writer, uint id, ReadOnlySpan<T> items)
    {
        Codec<T> codec = Codecs<T>.Instance;
        writer.BeginGroup(id);
        writer.WriteVarint(CountId, (ulong)items.Length);
        foreach (T item in items) codec.Write(ref writer, ElementId, item);
        writer.EndGroup();
    }

    public static T[] Read<T>(ref MessageReader reader, WireType group)
    {
        Codec<T> codec = Codecs<T>.Instance;
        reader.BeginGroup(group);
        T[] items = [];
        int count = 0;
        while (reader.NextField(out uint id, out WireType type))
        {
            if (id == ElementId)
            {
                if (count == items.Length) Array.Resize(ref items, Math.Max(4, 2 * count));
                items[count++] = codec.Read(ref reader, type);
            }
            else if (id == CountId && type == WireType.Varint && count == 0)
            {
                // An element has at least its tag, so a count beyond the remaining bytes is a lie. One that is not may still be: many
                // short lists that claim to be long would ask for far more memory than they fill.
                ulong hint = reader.ReadVarint(type);
                if (hint > (ulong)reader.Remaining) throw reader.Malformed($"a count of {hint}");
                items = hint == 0 ? [] : new T[Math.Min(hint, MaxTrusted)];
            }
            else
            {
                reader.Skip(type);
            }
        }

        if (count != items.Length) Array.Resize(ref items, count);
        return items;
    }
}

/// <summary>An array.</summary>
internal sealed class ArrayCodec<T> : Codec<T[]>
{
    public override void Check(CodecCheck check) => check.Add<T>();

    public override void Write(ref MessageWriter writer, uint id, T[] value)
    {
        if (value is null) writer.WriteNull(id);
        else Elements.Write<T>(ref writer, id, value);
    }

    public override T[] Read(ref MessageReader reader, WireType type) =>
        type == WireType.Null ? null! : Elements.Read<T>(ref reader, type);
}

/// <summary>An immutable array; the default one, which is no array, is null.</summary>
internal sealed class ImmutableArrayCodec<T> : Codec<ImmutableArray<T>>
{
    public override void Check(CodecCheck check) => check.Add<T>();

    public override void Write(ref MessageWriter writer, uint id, ImmutableArray<T> value)
    {
        if (value.IsDefault) writer.WriteNull(id);
        else Elements.Write(ref writer, id, value.AsSpan());
    }

    public override ImmutableArray<T> Read(ref MessageReader reader, WireType type) =>
        type == WireType.Null ? default : ImmutableCollectionsMarshal.AsImmutableArray(Elements.Read<T>(ref reader, type));
}

/// <summary>A list.</summary>
internal sealed class ListCodec<T> : Codec<List<T>>
{
    public override void Check(CodecCheck check) => check.Add<T>();

    public override void Write(ref MessageWriter writer, uint id, List<T> value)
    {
        if (value is null) writer.WriteNull(id);
        else Elements.Write<T>(ref writer, id, CollectionsMarshal.AsSpan(value));
    }

    public override List<T> Read(ref MessageReader reader, WireType type) =>
        type == WireType.Null ? null! : [.. Elements.Read<T>(ref reader, type)];
}

/// <summary>An interface of lists or sets, or a class of them; it arrives as what the factory makes of an array.</summary>
internal abstract class SequenceCodec<TSequence, T> : Codec<TSequence> where TSequence : class, IEnumerable<T>
{
    public override void Check(CodecCheck check) => check.Add<T>();

    public override void Write(ref MessageWriter writer, uint id, TSequence value)
    {
        if (value is null) writer.WriteNull(id);
        else Elements.Write<T>(ref writer, id, value.ToArray());
    }

    public override TSequence Read(ref MessageReader reader, WireType type) =>
        type == WireType.Null ? null! : Make(Elements.Read<T>(ref reader, type));

    protected abstract TSequence Make(T[] items);
}

internal sealed class EnumerableCodec<T> : SequenceCodec<IEnumerable<T>, T>
{
    protected override IEnumerable<T> Make(T[] items) => items;
}

internal sealed class ReadOnlyCollectionCodec<T> : SequenceCodec<IReadOnlyCollection<T>, T>
{
    protected override IReadOnlyCollection<T> Make(T[] items) => items;
}

internal sealed class ReadOnlyListCodec<T> : SequenceCodec<IReadOnlyList<T>, T>
{
    protected override IReadOnlyList<T> Make(T[] items) => items;
}

internal sealed class ListInterfaceCodec<T> : SequenceCodec<IList<T>, T>
{
    protected override IList<T> Make(T[] items) => [.. items];
}

internal sealed class ImmutableListCodec<T> : SequenceCodec<ImmutableList<T>, T>
{
    protected override ImmutableList<T> Make(T[] items) => [.. items];
}

internal sealed class HashSetCodec<T> : SequenceCodec<HashSet<T>, T>
{
    protected override HashSet<T> Make(T[] items) => [.. items];
}

internal sealed class ImmutableHashSetCodec<T> : SequenceCodec<ImmutableHashSet<T>, T>
{
    protected override ImmutableHashSet<T> Make(T[] items) => [.. items];
}

internal sealed class ImmutableSortedSetCodec<T> : SequenceCodec<ImmutableSortedSet<T>, T>
{
    protected override ImmutableSortedSet<T> Make(T[] items) => [.. items];
}
