namespace EsoCore.Runtime.Serialization;

/// <summary>A tuple of two as a group of its items.</summary>
internal sealed class TupleCodec<T1, T2> : StructCodec<(T1, T2)>
{
    public override void Check(CodecCheck check)
    {
        check.Add<T1>();
        check.Add<T2>();
    }

    protected override void WriteFields(ref MessageWriter writer, in (T1, T2) value)
    {
        Codecs<T1>.Instance.Write(ref writer, 0, value.Item1);
        Codecs<T2>.Instance.Write(ref writer, 1, value.Item2);
    }

    protected override (T1, T2) ReadFields(ref MessageReader reader)
    {
        (T1, T2) value = default!;
        while (reader.NextField(out uint id, out WireType type))
        {
            if (id == 0) value.Item1 = Codecs<T1>.Instance.Read(ref reader, type);
            else if (id == 1) value.Item2 = Codecs<T2>.Instance.Read(ref reader, type);
            else reader.Skip(type);
        }

        return value;
    }
}

/// <summary>A tuple of three as a group of its items.</summary>
internal sealed class TupleCodec<T1, T2, T3> : StructCodec<(T1, T2, T3)>
{
    public override void Check(CodecCheck check)
    {
        check.Add<T1>();
        check.Add<T2>();
        check.Add<T3>();
    }

    protected override void WriteFields(ref MessageWriter writer, in (T1, T2, T3) value)
    {
        Codecs<T1>.Instance.Write(ref writer, 0, value.Item1);
        Codecs<T2>.Instance.Write(ref writer, 1, value.Item2);
        Codecs<T3>.Instance.Write(ref writer, 2, value.Item3);
    }

    protected override (T1, T2, T3) ReadFields(ref MessageReader reader)
    {
        (T1, T2, T3) value = default!;
        while (reader.NextField(out uint id, out WireType type))
        {
            if (id == 0) value.Item1 = Codecs<T1>.Instance.Read(ref reader, type);
            else if (id == 1) value.Item2 = Codecs<T2>.Instance.Read(ref reader, type);
            else if (id == 2) value.Item3 = Codecs<T3>.Instance.Read(ref reader, type);
            else reader.Skip(type);
        }

        return value;
    }
}

/// <summary>A key and a value.</summary>
internal sealed class PairCodec<TKey, TValue> : StructCodec<KeyValuePair<TKey, TValue>>
{
    private static Codec<(TKey, TValue)> Both => Codecs<(TKey, TValue)>.Instance;

    public override void Check(CodecCheck check) => check.Add<(TKey, TValue)>();

    protected override void WriteFields(ref MessageWriter writer, in KeyValuePair<TKey, TValue> value) =>
        Both.Write(ref writer, 0, (value.Key, value.Value));

    protected override KeyValuePair<TKey, TValue> ReadFields(ref MessageReader reader)
    {
        (TKey Key, TValue Value) both = default!;
        while (reader.NextField(out uint id, out WireType type))
        {
            if (id == 0) both = Both.Read(ref reader, type);
            else reader.Skip(type);
        }

        return new(both.Key, both.Value);
    }
}

/// <summary>A tuple of four as a group of its items.</summary>
internal sealed class TupleCodec<T1, T2, T3, T4> : StructCodec<(T1, T2, T3, T4)>
{
    public override void Check(CodecCheck check)
    {
        check.Add<(T1, T2, T3)>();
        check.Add<T4>();
    }

    protected override void WriteFields(ref MessageWriter writer, in (T1, T2, T3, T4) value)
    {
        Codecs<(T1, T2, T3)>.Instance.Write(ref writer, 0, (value.Item1, value.Item2, value.Item3));
        Codecs<T4>.Instance.Write(ref writer, 1, value.Item4);
    }

    protected override (T1, T2, T3, T4) ReadFields(ref MessageReader reader)
    {
        (T1 A, T2 B, T3 C) first = default!;
        T4 last = default!;
        while (reader.NextField(out uint id, out WireType type))
        {
            if (id == 0) first = Codecs<(T1, T2, T3)>.Instance.Read(ref reader, type);
            else if (id == 1) last = Codecs<T4>.Instance.Read(ref reader, type);
            else reader.Skip(type);
        }

        return (first.A, first.B, first.C, last);
    }
}
