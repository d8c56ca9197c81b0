using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace EsoCore.Benchmarks.Ingest;

/// <summary>
/// The plain way: each point a row of the documented table with its two indexes, a prepared statement, one transaction a batch, as
/// durable as the server (WAL, synchronous=FULL). No HTTP, no JSON, no check for repeats.
/// </summary>
internal static class RowBaseline
{
    /// <summary>Points per second, and bytes of the file a point afterwards.</summary>
    internal static (double PointsPerSecond, double BytesPerPoint) Run(
        string directory, IReadOnlyList<GeneratedBatch> warm, IReadOnlyList<GeneratedBatch> batches)
    {
        var file = Path.Combine(directory, "rows.db");
        using var db = new SqliteConnection($"Data Source={file};Pooling=False");
        db.Open();
        Execute(db, "pragma journal_mode=wal; pragma synchronous=full; pragma cache_size=-65536;");
        Execute(db, """
            create table telemetry_point(ts integer not null, device_id text not null, metric text not null, value real not null, unit text, meta text);
            create index telemetry_point_device on telemetry_point(device_id, ts);
            create index telemetry_point_metric on telemetry_point(metric, ts);
            """);
        var devices = batches.Select(b => b.Device).Distinct().ToDictionary(d => d, _ => Guid.NewGuid().ToString("D"));
        foreach (var batch in warm)
            Insert(db, devices[batch.Device], batch);
        var watch = Stopwatch.StartNew();
        foreach (var batch in batches)
            Insert(db, devices[batch.Device], batch);
        watch.Stop();
        Execute(db, "pragma wal_checkpoint(truncate);");
        var points = batches.Sum(b => (double)b.Points.Length);
        return (points / watch.Elapsed.TotalSeconds, new FileInfo(file).Length / (points + warm.Sum(b => b.Points.Length)));
    }

    private static void Insert(SqliteConnection db, string device, GeneratedBatch batch)
    {
        using var transaction = db.BeginTransaction();
        using var insert = db.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = "insert into telemetry_point(ts, device_id, metric, value, unit, meta) values ($ts, $device, $metric, $value, $unit, $meta)";
        var ts = insert.Parameters.Add("$ts", SqliteType.Integer);
        insert.Parameters.AddWithValue("$device", device);
        var metric = insert.Parameters.Add("$metric", SqliteType.Text);
        var value = insert.Parameters.Add("$value", SqliteType.Real);
        var unit = insert.Parameters.Add("$unit", SqliteType.Text);
        insert.Parameters.AddWithValue("$meta", BatchFactory.Meta);
        insert.Prepare();
        foreach (var point in batch.Points)
        {
            ts.Value = point.TsUs;
            metric.Value = BatchFactory.Series[point.Series].Metric;
            value.Value = point.Value;
            unit.Value = BatchFactory.Series[point.Series].Unit;
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private static void Execute(SqliteConnection db, string sql)
    {
        using var command = db.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
