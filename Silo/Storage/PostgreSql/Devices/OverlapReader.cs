using System.Runtime.CompilerServices;
using EsoCore.Grains.Storage;
using EsoCore.History;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Streams the points of blocks and chunks that reach into a span.</summary>
internal sealed class OverlapReader(Sessions sessions, string sql, long deviceNo, long fromUs, long toUs)
{
    /// <summary>Reads row by row, on a connection that goes back when the consumer is through or gives up.</summary>
    public async IAsyncEnumerable<SeriesPoints> Read([EnumeratorCancellation] CancellationToken cancel = default)
    {
        var lease = await sessions.Lend(cancel).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            var command = new NpgsqlCommand(sql, lease.Db);
            await using (command.ConfigureAwait(false))
            {
                // A time of TimeSpanUs.MinUs less a day is still a number.
                new Args(command.Parameters).Add(deviceNo).Add(Math.Max(fromUs, TimeSpanUs.MinUs)).Add(toUs);
                var row = await Guard(command.ExecuteReaderAsync(cancel), cancel).ConfigureAwait(false);
                await using (row.ConfigureAwait(false))
                {
                    while (await Guard(row.ReadAsync(cancel), cancel).ConfigureAwait(false))
                    {
                        foreach (var part in Decode(row))
                            yield return part;
                    }
                }
            }
        }
    }

    private static List<SeriesPoints> Decode(NpgsqlDataReader row)
    {
        int points = BlockCodec.CheckCount(row.Int(0));
        long[] ts = new long[points];
        double[] values = new double[points];
        var body = BlockCodec.Body(row.Bytes(4));
        var runs = row.IsDBNull(3) ? [(row.Int(2), points)] : BlockCodec.ReadRuns(row.Bytes(3), points);
        var result = new List<SeriesPoints>(runs.Count);
        int at = 0;
        foreach (var (seriesNo, count) in runs)
        {
            body = body[PointCodec.Decode(body, row.Long(1), ts.AsSpan(at, count), values.AsSpan(at, count))..];
            result.Add(new(seriesNo, ts.AsMemory(at, count), values.AsMemory(at, count)));
            at += count;
        }

        return result;
    }

    private async Task<T> Guard<T>(Task<T> step, CancellationToken cancel)
    {
        try
        {
            return await step.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            var wrapped = sessions.Wrap(e, cancel);
            if (ReferenceEquals(wrapped, e))
                throw;
            throw wrapped;
        }
    }
}
