using System.Collections.Immutable;

namespace EsoCore.Runtime.Serialization;

/// <summary>The types that need no attribute, and the names they go by.</summary>
internal static class BuiltInCodecs
{
    public static IEnumerable<KeyValuePair<Type, Codec>> All()
    {
        Codec[] codecs =
        [
            new UnsignedCodec<bool>(static value => value ? 1UL : 0, static value => value != 0),
            new UnsignedCodec<byte>(static value => value, static value => (byte)value),
            new UnsignedCodec<ushort>(static value => value, static value => (ushort)value),
            new UnsignedCodec<uint>(static value => value, static value => (uint)value),
            new UnsignedCodec<ulong>(static value => value, static value => value),
            new UnsignedCodec<char>(static value => value, static value => (char)value),
            new SignedCodec<sbyte>(static value => value, static value => (sbyte)value),
            new SignedCodec<short>(static value => value, static value => (short)value),
            new Int32Codec(),
            new Int64Codec(),
            new SignedCodec<TimeSpan>(static value => value.Ticks, static value => new TimeSpan(value)),
            new SingleCodec(),
            new DoubleCodec(),
            new DecimalCodec(),
            new Fixed128Codec<UInt128>(static value => value, static value => value),
            new Fixed128Codec<Int128>(static value => (UInt128)value, static value => (Int128)value),
            new Fixed128Codec<Guid>(ToNumber, ToGuid),
            new DateTimeOffsetCodec(),
            new DateTimeCodec(),
            new DateOnlyCodec(),
            new TimeOnlyCodec(),
            new StringCodec(),
            new ByteArrayCodec(),
            new MemoryCodec(),
            new GrainIdCodec(),
            new StreamIdCodec(),
            new ObjectCodec(),
            new NothingCodec(),
        ];
        return codecs.Select(codec => KeyValuePair.Create(codec.Type, codec));
    }

    public static IEnumerable<KeyValuePair<Type, Type>> Open() => new Dictionary<Type, Type>
    {
        [typeof(Nullable<>)] = typeof(NullableCodec<>),
        [typeof(ImmutableArray<>)] = typeof(ImmutableArrayCodec<>),
        [typeof(List<>)] = typeof(ListCodec<>),
        [typeof(IEnumerable<>)] = typeof(EnumerableCodec<>),
        [typeof(IReadOnlyCollection<>)] = typeof(ReadOnlyCollectionCodec<>),
        [typeof(IReadOnlyList<>)] = typeof(ReadOnlyListCodec<>),
        [typeof(IList<>)] = typeof(ListInterfaceCodec<>),
        [typeof(ImmutableList<>)] = typeof(ImmutableListCodec<>),
        [typeof(HashSet<>)] = typeof(HashSetCodec<>),
        [typeof(ImmutableHashSet<>)] = typeof(ImmutableHashSetCodec<>),
        [typeof(ImmutableSortedSet<>)] = typeof(ImmutableSortedSetCodec<>),
        [typeof(Dictionary<,>)] = typeof(PlainDictionaryCodec<,>),
        [typeof(IReadOnlyDictionary<,>)] = typeof(ReadOnlyDictionaryCodec<,>),
        [typeof(ImmutableDictionary<,>)] = typeof(ImmutableDictionaryCodec<,>),
        [typeof(ImmutableSortedDictionary<,>)] = typeof(ImmutableSortedDictionaryCodec<,>),
        [typeof(ValueTuple<,>)] = typeof(TupleCodec<,>),
        [typeof(ValueTuple<,,>)] = typeof(TupleCodec<,,>),
        [typeof(ValueTuple<,,,>)] = typeof(TupleCodec<,,,>),
        [typeof(KeyValuePair<,>)] = typeof(PairCodec<,>),
    };

    public static IEnumerable<KeyValuePair<string, Type>> Names() => new Dictionary<string, Type>
    {
        ["bool"] = typeof(bool),
        ["byte"] = typeof(byte),
        ["int"] = typeof(int),
        ["long"] = typeof(long),
        ["uint"] = typeof(uint),
        ["ulong"] = typeof(ulong),
        ["double"] = typeof(double),
        ["float"] = typeof(float),
        ["decimal"] = typeof(decimal),
        ["string"] = typeof(string),
        ["bytes"] = typeof(byte[]),
        ["memory"] = typeof(ReadOnlyMemory<byte>),
        ["guid"] = typeof(Guid),
        ["time-span"] = typeof(TimeSpan),
        ["date-time"] = typeof(DateTime),
        ["date-time-offset"] = typeof(DateTimeOffset),
        ["date"] = typeof(DateOnly),
        ["grain-id"] = typeof(GrainId),
        ["list`1"] = typeof(List<>),
        ["immutable-array`1"] = typeof(ImmutableArray<>),
        ["tuple`2"] = typeof(ValueTuple<,>),
    };

    private static UInt128 ToNumber(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(bytes);
    }

    private static Guid ToGuid(UInt128 value)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128LittleEndian(bytes, value);
        return new Guid(bytes);
    }
}
