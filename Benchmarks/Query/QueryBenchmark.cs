using System.Diagnostics;
using System.Text;
using EsoCore.Benchmarks.Postgres;
using EsoCore.History;
using EsoCore.Silo.Storage.PostgreSql;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EsoCore.Benchmarks.Query;

/// <summary>
/// One device, one metric, 30 days at 1 Hz: a chart of 1,000 buckets over all of it, and its last hour raw; beside the same questions asked
/// of rows in the documented table on the same server, in turn.
/// </summary>
internal static class QueryBenchmark
{
    private const int Asked = 15;
    private static readonly TimeSpan Width = MonthOfPoints.Length / 1_000;

    private const string RowChart =
        """
        select date_bin(make_interval(secs => $3), ts, timestamptz 'epoch'), min(value), max(value), sum(value), count(*)
        from telemetry where device_id = $1 and metric = $2 and ts >= $4 and ts < $5 group by 1 order by 1
        """;

    private const string RowRaw =
        "select ts, value, unit, meta from telemetry where device_id = $1 and metric = $2 and ts >= $3 and ts < $4 order by ts";

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        await using var postgres = await PostgresInstance.Launch(PostgresInstance.Durable);
        await using var target = await PostgresTarget.Create(postgres);
        var month = await MonthOfPoints.Store(postgres, target);
        await using var storage = new PostgresStorage(
            new PostgresStorageOptions { ConnectionString = target.ConnectionString }, TimeProvider.System, NullLogger<PostgresStorage>.Instance);
        await using var db = new NpgsqlConnection(target.ConnectionString + ";MaxAutoPrepare=10;AutoPrepareMinUsages=1");
        await db.OpenAsync();

        var (from, to) = (MonthOfPoints.Start, MonthOfPoints.Start + MonthOfPoints.Length);
        PointQuery Points(DateTimeOffset since) => new(month.Scope, month.Device, null, MonthOfPoints.Metric, null, since, to);
        var chart = await Compare(
            async () => (await storage.History.ReadBuckets(new BucketQuery(Points(from), Width), default)).Length,
            () => Rows(db, RowChart, month.Device, MonthOfPoints.Metric, Width.TotalSeconds, from.UtcDateTime, to.UtcDateTime));
        var raw = await Compare(
            async () => (await storage.History.ReadPoints(Points(to.AddHours(-1)), new PageRequest(PageRequest.MaxLimit), default)).Items.Length,
            () => Rows(db, RowRaw, month.Device, MonthOfPoints.Metric, to.AddHours(-1).UtcDateTime, to.UtcDateTime));

        var text = new StringBuilder()
            .AppendLine("# Reading history from PostgreSQL").AppendLine()
            .AppendLine($"Machine: {Machine.Describe()}. {arguments.Get("date")}").AppendLine()
            .AppendLine($"`dotnet run -c Release --project Benchmarks -- query`: one device, one metric, 30 days at 1 Hz ({MonthOfPoints.Count:N0} points), "
                + $"merged and vacuumed; each question asked {Asked} times of either in turn; medians, lowest and highest.").AppendLine()
            .AppendLine("| question | answer | ms | ms of rows (baseline) | ratio |").AppendLine("|---|---:|---:|---:|---:|")
            .AppendLine(Line("a chart of 1,000 buckets over 30 days: min, max, sum, count", chart))
            .AppendLine(Line("the last hour, raw", raw)).ToString();
        Console.WriteLine(text);
        if (!arguments.Has("no-file"))
            Results.Write("query.md", text);
        return 0;
    }

    private static string Line(string question, (int Count, double[] Ours, double[] Rows) measured)
    {
        var (count, ours, rows) = measured;
        string Of(double[] ms) => $"{ms[ms.Length / 2]:N1} ({ms[0]:N1} - {ms[^1]:N1})";
        return $"| {question} | {count:N0} | {Of(ours)} | {Of(rows)} | {ours[ours.Length / 2] / rows[rows.Length / 2]:N3} |";
    }

    private static async Task<(int Count, double[] Ours, double[] Rows)> Compare(Func<Task<int>> ours, Func<Task<int>> rows)
    {
        var (count, expected) = (await ours(), await rows());
        if (count != expected)
            throw new InvalidOperationException($"The answers differ: {count} and {expected}.");
        List<double> own = [], other = [];
        for (var i = 0; i < Asked; i++)
        {
            own.Add(await Timed(ours));
            other.Add(await Timed(rows));
        }

        return (count, [.. own.Order()], [.. other.Order()]);
    }

    private static async Task<double> Timed(Func<Task<int>> ask)
    {
        var watch = Stopwatch.StartNew();
        await ask();
        return watch.Elapsed.TotalMilliseconds;
    }

    private static async Task<int> Rows(NpgsqlConnection db, string sql, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, db);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await using var rows = await command.ExecuteReaderAsync();
        var count = 0;
        var values = new object[rows.FieldCount];
        for (; await rows.ReadAsync(); count++)
            rows.GetValues(values);
        return count;
    }
}
