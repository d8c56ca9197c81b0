using System.Buffers;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage;

/// <summary>A block of points, packed: what a row of the block table holds. The bytes are lent from the array pool.</summary>
/// <param name="RunBytes">How many of <paramref name="Bytes"/> are the list of runs; the packed points follow them.</param>
internal readonly record struct PackedBlock(long T0, long T1, int Points, long CorrectionUs, byte[] Bytes, int RunBytes, int TotalBytes)
{
    /// <summary>Series numbers and counts.</summary>
    public ReadOnlySpan<byte> Runs => Bytes.AsSpan(0, RunBytes);

    /// <summary>The points.</summary>
    public ReadOnlySpan<byte> Data => Bytes.AsSpan(RunBytes, TotalBytes - RunBytes);

    /// <summary>Gives the bytes back.</summary>
    public void Return() => ArrayPool<byte>.Shared.Return(Bytes);
}

/// <summary>Packs and unpacks blocks: a list of runs (series number, count), then a format byte and the runs one after the other.</summary>
internal static class BlockCodec
{
    /// <summary>The format of packed points, the first byte of each blob.</summary>
    public const byte Format = 1;

    /// <summary>Packs a block; throws <see cref="ArgumentException"/> for one that breaks the rules of <see cref="PointBlock"/>.</summary>
    public static PackedBlock Pack(PointBlock block)
    {
        var (t0, t1) = Check(block);
        int points = block.TsUs.Length;
        int runs = block.SeriesNos.Length;
        byte[] scratch = ArrayPool<byte>.Shared.Rent(1 + (runs * (2 * Varint.MaxBytes + PointCodec.MaxBytes(0))) + PointCodec.MaxBytes(points));
        try
        {
            int at = 0;
            for (int i = 0; i < runs; i++)
            {
                Varint.Write(scratch, ref at, (ulong)block.SeriesNos.Span[i]);
                Varint.Write(scratch, ref at, (ulong)block.Counts.Span[i]);
            }

            int runBytes = at;
            scratch[at++] = Format;
            var ts = block.TsUs.Span;
            var values = block.Values.Span;
            foreach (int count in block.Counts.Span)
            {
                at += PointCodec.Encode(ts[..count], values[..count], t0, scratch.AsSpan(at));
                ts = ts[count..];
                values = values[count..];
            }

            // The scratch is sized for the worst case; what waits in the queue is a copy of the right size.
            byte[] bytes = ArrayPool<byte>.Shared.Rent(at);
            scratch.AsSpan(0, at).CopyTo(bytes);
            return new PackedBlock(t0, t1, points, block.CorrectionUs, bytes, runBytes, at);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    /// <summary>The runs of a block as (series number, count).</summary>
    public static List<(int SeriesNo, int Count)> ReadRuns(ReadOnlySpan<byte> runs, int points)
    {
        var list = new List<(int, int)>();
        int at = 0;
        long total = 0;
        while (at < runs.Length)
        {
            ulong series = Varint.Read(runs, ref at);
            ulong count = Varint.Read(runs, ref at);
            total += (long)Math.Min(count, PointBlock.MaxPoints + 1);
            if (series > int.MaxValue || total > points)
                throw new InvalidDataException("A stored block's list of runs does not fit its count of points.");
            list.Add(((int)series, (int)count));
        }

        return total == points ? list : throw new InvalidDataException("A stored block's list of runs does not fit its count of points.");
    }

    /// <summary>The packed runs within a blob, past its format byte.</summary>
    public static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> data) =>
        data.Length > 0 && data[0] == Format ? data[1..] : throw new InvalidDataException("Stored points are of an unknown format.");

    /// <summary>Holds a count read from a row to what a row may hold, before memory is taken by it.</summary>
    public static int CheckCount(int points) =>
        points is > 0 and <= PointBlock.MaxPoints ? points : throw new InvalidDataException($"A stored row claims {points} points.");

    private static (long T0, long T1) Check(PointBlock block)
    {
        int points = block.TsUs.Length;
        if (points is 0 or > PointBlock.MaxPoints || block.Values.Length != points || block.SeriesNos.Length != block.Counts.Length)
        {
            throw new ArgumentException(
                $"A block holds 1 to {PointBlock.MaxPoints} points, as many values as times, as many counts as series.", nameof(block));
        }

        long t0 = long.MaxValue;
        long t1 = long.MinValue;
        int at = 0;
        for (int i = 0; i < block.Counts.Length; i++)
        {
            int count = block.Counts.Span[i];
            if (count <= 0 || count > points - at || block.SeriesNos.Span[i] <= 0)
                throw new ArgumentException("A block's counts must be above 0 and add up to its points.", nameof(block));
            var run = block.TsUs.Span.Slice(at, count);
            for (int p = 1; p < run.Length; p++)
            {
                if (run[p] < run[p - 1])
                    throw new ArgumentException("Within a run of a block times ascend.", nameof(block));
            }

            (t0, t1) = (Math.Min(t0, run[0]), Math.Max(t1, run[^1]));
            at += count;
        }

        if (at != points || Micros.DayOf(t0) != Micros.DayOf(t1))
            throw new ArgumentException("A block's counts must add up to its points, and it lies within one UTC day.", nameof(block));
        return (t0, t1);
    }
}
