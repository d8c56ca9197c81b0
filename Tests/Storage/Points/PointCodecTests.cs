using EsoCore.Silo.Storage;
using EsoCore.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EsoCore.Tests.Storage.Points;

public sealed class PointCodecTests
{
    private static readonly double[] Odd =
        [0, -0.0, double.Epsilon, -double.Epsilon, 2.2250738585072009e-308, double.MaxValue, double.MinValue, double.NaN, double.PositiveInfinity,
         double.NegativeInfinity, 0.1, 1e22, 9007199254740992, -9007199254740992, 1e15 + 0.5, 123456789.123456, 1.0 / 3];

    private static readonly Gen<double> AnyDouble = Gen.OneOf(
        Gen.Choose(int.MinValue, int.MaxValue).Two().Select(p => BitConverter.Int64BitsToDouble(((long)p.Item1 << 32) ^ (uint)p.Item2)),
        Gen.Elements(Odd),
        Gen.Choose(-100_000, 100_000).Select(i => i / 100.0),
        Gen.Choose(-100_000, 100_000).Select(i => (double)(i / 7.0f)),
        Gen.Choose(-3, 3).Select(i => (double)i));

    private static readonly Gen<long> AnyStep = Gen.OneOf(
        Gen.Choose(int.MinValue, int.MaxValue).Two().Select(p => ((long)p.Item1 << 32) ^ (uint)p.Item2),
        Gen.Choose(0, 5_000_000).Select(i => (long)i),
        Gen.Choose(0, 5_000).Select(i => i * 1_000L),
        Gen.Choose(0, 5).Select(i => i * 1_000_000L),
        Gen.Constant(100_000L));

    [Fact]
    public void Decode_OfEncode_IsBitForBitTheSame()
    {
        var runs =
            from size in Gen.Choose(1, 200)
            from values in Gen.OneOf(AnyDouble.ArrayOf(size), AnyDouble.Select(v => Enumerable.Repeat(v, size).ToArray()), Decimals(size))
            from steps in Gen.OneOf(AnyStep.ArrayOf(size), AnyStep.Select(s => Enumerable.Repeat(s, size).ToArray()))
            from start in AnyStep
            from origin in Gen.OneOf(AnyStep, Gen.Constant(start))
            select (values, ts: Times(start, steps), origin);
        Prop.ForAll(runs.ToArbitrary(), r => RoundTrips(r.ts, r.values, r.origin)).Check(Seeded.Cases(2_000));
    }

    [Theory]
    [MemberData(nameof(OddValues))]
    public void Decode_OfASingleOddValue_IsTheSame(double value)
    {
        Assert.True(RoundTrips([5], [value], 0));
        Assert.True(RoundTrips([5, 6, 9], [value, 1.5, value], 0));
        Assert.True(RoundTrips([5, 6, 9], [value, value, value], 0));
    }

    public static TheoryData<double> OddValues() => [.. Odd];

    [Fact]
    public void Encode_ConstantSeriesAtEqualSteps_TakesAFewBytes()
    {
        long[] ts = [.. Enumerable.Range(0, 4_096).Select(i => 1_700_000_000_000_000 + (i * 1_000_000L))];
        double[] values = [.. Enumerable.Repeat(23.5, 4_096)];

        Assert.InRange(Encode(ts, values, ts[0]).Length, 1, 16);
    }

    [Fact]
    public void Encode_SensorReadings_TakesAboutTwoBytesAPoint()
    {
        var random = new Random(1);
        long[] ts = [.. Enumerable.Range(0, 4_096).Select(i => 1_700_000_000_000_000 + (i * 100_000L))];
        double[] values = new double[4_096];
        double level = 20;
        for (int i = 0; i < values.Length; i++)
            values[i] = Math.Round(level += random.NextDouble() - 0.5, 2);

        Assert.InRange(Encode(ts, values, ts[0]).Length, 1, 2 * 4_096);
    }

    [Fact]
    public void Decode_AnyBytes_EndsInPointsOrInvalidData()
    {
        var inputs = from bytes in Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf(60) from n in Gen.Choose(1, 100) select (bytes, n);
        Prop.ForAll(inputs.ToArbitrary(), x => Survives(x.bytes, x.n)).Check(Seeded.Cases(5_000));
    }

    [Fact]
    public void Decode_CutAnywhere_IsInvalidData()
    {
        byte[] whole = Encode([1, 5, 77, 1_000], [1.5, 2.25, -7, 1e300], 0);
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<InvalidDataException>(() => PointCodec.Decode(whole.AsSpan(0, length), 0, new long[4], new double[4]));
    }

    private static Gen<double[]> Decimals(int size) =>
        from digits in Gen.Choose(0, 7)
        from wholes in Gen.Choose(-1_000_000, 1_000_000).ArrayOf(size)
        select wholes.Select(w => w / Math.Pow(10, digits)).ToArray();

    private static long[] Times(long start, long[] steps)
    {
        long[] ts = new long[steps.Length];
        for (int i = 0; i < ts.Length; i++)
            ts[i] = start = unchecked(start + (i == 0 ? 0 : steps[i]));
        return ts;
    }

    private static bool Survives(byte[] bytes, int n)
    {
        try
        {
            PointCodec.Decode(bytes, 0, new long[n], new double[n]);
        }
        catch (InvalidDataException)
        {
            // What the decoder says of bytes that are not points.
        }

        return true;
    }

    private static bool RoundTrips(long[] ts, double[] values, long origin)
    {
        byte[] bytes = Encode(ts, values, origin);
        long[] ts2 = new long[ts.Length];
        double[] values2 = new double[ts.Length];
        int read = PointCodec.Decode(bytes, origin, ts2, values2);
        return read == bytes.Length && ts.AsSpan().SequenceEqual(ts2)
            && values.Select(BitConverter.DoubleToInt64Bits).SequenceEqual(values2.Select(BitConverter.DoubleToInt64Bits));
    }

    private static byte[] Encode(long[] ts, double[] values, long origin)
    {
        byte[] bytes = new byte[PointCodec.MaxBytes(ts.Length)];
        return bytes[..PointCodec.Encode(ts, values, origin, bytes)];
    }
}
