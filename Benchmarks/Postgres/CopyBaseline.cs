using System.Diagnostics;
using EsoCore.Benchmarks.Ingest;
using Npgsql;
using NpgsqlTypes;

namespace EsoCore.Benchmarks.Postgres;

/// <summary>
/// The plain way, as fast as it gets: each point a row of the documented table, partitioned by month, with its two indexes, by binary COPY,
/// one transaction a batch, on as many connections as there are cores. No HTTP, no JSON, no check for repeats.
/// </summary>
internal static class CopyBaseline
{
    private const string Table =
        """
        create table telemetry(
            ts timestamptz not null, device_id uuid not null, metric text not null, value double precision, unit text, meta jsonb
        ) partition by range (ts);
        create index on telemetry(device_id, ts);
        create index on telemetry(metric, ts);
        """;

    /// <summary>Points per second, and bytes of the table and its indexes a point afterwards.</summary>
    internal static async Task<(double PointsPerSecond, double BytesPerPoint)> Run(
        PostgresInstance server, string database, IReadOnlyList<GeneratedBatch> warm, IReadOnlyList<GeneratedBatch> batches)
    {
        await Create(server, database, warm.Concat(batches).SelectMany(b => b.Points).Select(p => Time(p.TsUs)));
        var devices = batches.Select(b => b.Device).Distinct().ToDictionary(d => d, _ => Guid.NewGuid());
        async Task CopyAll(IReadOnlyList<GeneratedBatch> all) =>
            await Task.WhenAll(all.GroupBy(b => b.Device % Environment.ProcessorCount).Select(async share =>
            {
                await using var db = new NpgsqlConnection(server.ConnectionString(database));
                await db.OpenAsync();
                // One batch of each device after the other, as the devices would send them side by side.
                var turns = share.GroupBy(b => b.Device).SelectMany(own => own.Select((b, i) => (Batch: b, Turn: i)));
                foreach (var (batch, _) in turns.OrderBy(t => t.Turn))
                    await Copy(db, devices[batch.Device], batch.Points);
            }));

        await CopyAll(warm);
        var watch = Stopwatch.StartNew();
        await CopyAll(batches);
        watch.Stop();
        var points = batches.Sum(b => (double)b.Points.Length);
        var bytes = await server.Ask<long>(
            database, "select sum(pg_total_relation_size(relid))::bigint from pg_partition_tree('telemetry')");
        return (points / watch.Elapsed.TotalSeconds, bytes / (points + warm.Sum(b => b.Points.Length)));
    }

    /// <summary>Makes the table, with partitions for the months of these times.</summary>
    internal static async Task Create(PostgresInstance server, string database, IEnumerable<DateTime> times)
    {
        await server.Execute(database, Table);
        foreach (var month in times.Select(t => new DateTime(t.Year, t.Month, 1, 0, 0, 0, DateTimeKind.Utc)).Distinct())
        {
            await server.Execute(
                database,
                $"create table telemetry_{month:yyyyMM} partition of telemetry for values from ('{month:yyyy-MM-dd}Z') to ('{month.AddMonths(1):yyyy-MM-dd}Z')");
        }
    }

    /// <summary>Copies points in one transaction.</summary>
    internal static async Task Copy(NpgsqlConnection db, Guid device, IReadOnlyList<GeneratedPoint> points)
    {
        await using var copy = await db.BeginBinaryImportAsync("copy telemetry(ts, device_id, metric, value, unit, meta) from stdin (format binary)");
        foreach (var point in points)
        {
            var (metric, unit, _, _, _, _) = BatchFactory.Series[point.Series];
            copy.StartRow();
            copy.Write(Time(point.TsUs), NpgsqlDbType.TimestampTz);
            copy.Write(device, NpgsqlDbType.Uuid);
            copy.Write(metric, NpgsqlDbType.Text);
            copy.Write(point.Value, NpgsqlDbType.Double);
            copy.Write(unit, NpgsqlDbType.Text);
            copy.Write(BatchFactory.Meta, NpgsqlDbType.Jsonb);
        }

        await copy.CompleteAsync();
    }

    private static DateTime Time(long us) => DateTime.UnixEpoch.AddMicroseconds(us);
}
