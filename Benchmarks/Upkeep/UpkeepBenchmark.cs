using System.Globalization;
using System.Text;
using EsoCore.Silo.Storage.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace EsoCore.Benchmarks.Upkeep;

/// <summary>
/// How long upkeep holds the one thread that writes: while devices write, on a backlog of several days, and when retention takes most of it
/// away. Beside it the same disk, flushed a page at a time, for what no program can be blamed for.
/// </summary>
internal static class UpkeepBenchmark
{
    private const int Devices = 20;
    private const int Series = 8;
    private const int Days = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(50);

    internal static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        var (devices, days) = (arguments.Get("devices", Devices), arguments.Get("days", Days));
        var data = Directory.CreateTempSubdirectory("esocore-upkeep-").FullName;
        try
        {
            var load = LoadNow();
            var text = new StringBuilder()
                .AppendLine("# Upkeep of the data file").AppendLine()
                .AppendLine($"Machine: {Machine.Describe()}. {arguments.Get("date")}").AppendLine();
            var rows = new StringBuilder();
            var (points, bytes) = await Run(data, devices, days, rows);
            text.AppendLine(CultureInfo.InvariantCulture, $"""
                `dotnet run -c Release --project Benchmarks -- upkeep`: {devices} devices with {Series} series, a point a
                second of each; {days} days of them merged as a backlog, one more written while merging runs: {points:N0} points.
                Then retention takes all but a day of them, and {bytes / 1048576.0:N0} MiB of files are left. A slice is what holds the
                writer: several steps and their commit, or a checkpoint. The baseline is a page of 4 KiB written and flushed every 20 ms
                beside the data file, meanwhile.
                Load of the machine (1 minute) at the start {load}, at the end {LoadNow()}.

                | part | what | count | median ms | p99 ms | longest ms | over 50 ms | longest / longest flush |
                |---|---|---:|---:|---:|---:|---:|---:|
                {rows}
                Aim: no slice over 50 ms. One that is over it and has no step over it waited for the disk, or for the processor.
                """);
            Console.WriteLine(text);
            if (!arguments.Has("no-file"))
                Results.Write("upkeep.md", text.ToString());
            return 0;
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<(long Points, long Bytes)> Run(string data, int devices, int days, StringBuilder rows)
    {
        var clock = new ShiftedTime();
        var start = new DateTimeOffset(clock.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero).AddDays(-days - 1);
        var patient = new SqliteStorageOptions { DataDirectory = data, MergeBlocks = 1_024, MergeIdle = TimeSpan.FromDays(1) };
        FilledStore store;
        await using (var storage = new SqliteStorage(patient, clock, NullLogger<SqliteStorage>.Instance))
            store = await Fill(storage, devices, start, days);

        var normal = new SqliteStorageOptions { DataDirectory = data, UpkeepInterval = TimeSpan.FromSeconds(1) };
        await using (var storage = new SqliteStorage(normal, clock, NullLogger<SqliteStorage>.Instance))
        {
            await Measure("backlog of days", data, rows, () => Drained(storage));
            await Measure("while devices write", data, rows, async () =>
            {
                for (var number = 0; number < FilledStore.BatchesADay; number++)
                    await store.WriteBatches(storage.Devices, (days * FilledStore.BatchesADay) + number);
            });
            await Drained(storage);
            await storage.Projects.SetRetention(store.ProjectId, 1, expectedVersion: 1, CancellationToken.None);
            await Measure("retention", data, rows, async () =>
            {
                while (await Count(storage, "select count(*) from project where purged_us is not null") == 0)
                {
                    clock.Shift(TimeSpan.FromMinutes(1)); // A raised floor takes effect only after a while.
                    await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
                }
            });
            return (store.Points, Directory.GetFiles(data).Sum(file => new FileInfo(file).Length));
        }
    }

    private static async Task<FilledStore> Fill(SqliteStorage storage, int devices, DateTimeOffset start, int days)
    {
        var store = new FilledStore(Series, start);
        await store.MakeDevices(storage.Devices, storage.Projects, devices);
        for (var number = 0; number < days * FilledStore.BatchesADay; number++)
            await store.WriteBatches(storage.Devices, number);
        return store;
    }

    private static async Task Measure(string part, string data, StringBuilder rows, Func<Task> work)
    {
        SortedDictionary<string, Durations> found;
        var disk = new DiskBaseline(data);
        using (disk)
        {
            using var watch = new UpkeepWatch();
            await work();
            found = watch.Found;
        }

        foreach (var (what, durations) in found)
            Row(rows, part, what, durations, disk.Flushes.Longest);
        Row(rows, part, "flush of a page (baseline)", disk.Flushes, disk.Flushes.Longest);
    }

    private static void Row(StringBuilder rows, string part, string what, Durations found, TimeSpan longestFlush)
    {
        static string Ms(TimeSpan took) => took.TotalMilliseconds.ToString("N2", CultureInfo.InvariantCulture);
        rows.AppendLine(
            CultureInfo.InvariantCulture,
            $"| {part} | {what} | {found.Count:N0} | {Ms(found.Quantile(0.5))} | {Ms(found.Quantile(0.99))} | {Ms(found.Longest)} | "
            + $"{found.Above(Limit)} | {found.Longest / longestFlush:N2} |");
    }

    private static async Task Drained(SqliteStorage storage)
    {
        while (await Count(storage, "select count(*) from pending_merge where blocks >= 16") > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
    }

    private static Task<long> Count(SqliteStorage storage, string sql) => storage.Inspect(db =>
    {
        using var row = db.Use(sql);
        return row.Step() ? row.Long(0) : 0;
    });

    private static string LoadNow() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    /// <summary>The system's clock, set forward.</summary>
    private sealed class ShiftedTime : TimeProvider
    {
        private long _ticks;

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _ticks));

        internal void Shift(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }
}
