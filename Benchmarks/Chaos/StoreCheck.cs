using System.Text.Json;
using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Chaos;

/// <summary>
/// Compares what devices were acknowledged with what is stored, what the twins say, and what the assets and the site counted. Everything is
/// read over HTTP.
/// </summary>
internal sealed class StoreCheck(SeededProject project, VerifiedLoad load)
{
    /// <summary>
    /// How long what follows from an upload may take, five minutes and more: after failures the outbox waits up to a minute before it
    /// sends again.
    /// </summary>
    private const int MaxQuestions = 6_000;

    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(50);
    private readonly List<string> _differences = [];

    /// <summary>Acknowledged and not stored: points, cycle events and batches.</summary>
    internal long Missing { get; private set; }

    /// <summary>Stored beyond what was sent: points, cycle events and batches.</summary>
    internal long Twice { get; private set; }

    /// <summary>Everything found wrong, one sentence each.</summary>
    internal IReadOnlyList<string> Differences => _differences;

    /// <summary>Compares points, events, ledgers and twins.</summary>
    internal async Task Stored()
    {
        foreach (var device in project.DeviceIds)
            await Device(device);
    }

    /// <summary>Waits until assets and the site have heard of everything, and compares what they counted.</summary>
    internal async Task Counted()
    {
        foreach (var device in project.DeviceIds)
        {
            var (expected, path) = (load.SentBy(device).Cycles.Count, $"/api/assets/{project.AssetOf(device)}");
            await Settled(async () => await Cycles(path) >= expected);
            Same(expected, await Cycles(path), $"cycle events counted by the asset of {device}");
        }

        await Settled(async () => await Online() == project.DeviceIds.Count);
        Same(project.DeviceIds.Count, await Online(), "devices that the site believes to be online");
    }

    private async Task Device(Guid device)
    {
        var sent = load.SentBy(device);
        var points = await project.ReadAll($"/api/devices/{device}/points?limit=10000", "points");
        var stored = points.Select(p => (
            Metric: p.GetProperty("metric").GetString()!, Ts: p.GetProperty("ts").GetDateTimeOffset(), Value: p.GetProperty("value").GetDouble())).ToList();
        Compare(sent.Points, stored, $"points of {device}");
        var events = await project.ReadAll($"/api/devices/{device}/events?limit=10000", "events");
        Compare(sent.Cycles, [.. events.Select(e => e.GetProperty("ts").GetDateTimeOffset())], $"cycle events of {device}");
        var batches = await project.ReadAll($"/api/devices/{device}/batches?limit=10000", "batches");
        Compare(Enumerable.Range(0, (int)sent.Batches).ToList(), Enumerable.Range(0, batches.Count).ToList(), $"batches of {device}");

        var twin = await project.Read($"/api/devices/{device}/twin");
        var counters = twin.GetProperty("counters");
        Same(sent.Records, counters.GetProperty("accepted").GetInt64(), $"records accepted by the twin of {device}");
        Same(sent.AnsweredDuplicates, counters.GetProperty("duplicates").GetInt64(), $"duplicates counted by the twin of {device}");
        Same(sent.Batches, counters.GetProperty("batches").GetInt64(), $"batches counted by the twin of {device}");
        foreach (var series in twin.GetProperty("series").EnumerateArray())
        {
            var own = stored.Where(p => p.Metric == series.GetProperty("metric").GetString()).ToList();
            Same(own.Count, series.GetProperty("points").GetInt64(), $"points of a series in the twin of {device}");
            Same(own.Max(p => p.Ts), series.GetProperty("last_ts").GetDateTimeOffset(), $"last time of a series in the twin of {device}");
        }
    }

    private void Compare<T>(List<T> sent, List<T> stored, string what) where T : notnull
    {
        var left = sent.GroupBy(s => s).ToDictionary(g => g.Key, g => g.Count());
        long beyond = 0;
        foreach (var item in stored)
        {
            if (left.TryGetValue(item, out var count) && count > 0)
                left[item] = count - 1;
            else
                beyond++;
        }

        long missing = left.Values.Sum();
        (Missing, Twice) = (Missing + missing, Twice + beyond);
        if (missing + beyond > 0)
            _differences.Add($"{what}: {missing} missing, {beyond} too many");
    }

    private void Same<T>(T expected, T found, string what)
    {
        if (!Equals(expected, found))
            _differences.Add($"{what}: {found} instead of {expected}");
    }

    private static async Task Settled(Func<Task<bool>> question)
    {
        for (var i = 0; i < MaxQuestions && !await question(); i++)
            await Task.Delay(BetweenQuestions, TimeProvider.System);
    }

    private async Task<long> Online() => (await project.Read("/api/sites/hall")).GetProperty("online").GetInt64();

    private async Task<long> Cycles(string path)
    {
        var cycles = (await project.Read(path)).GetProperty("cycles");
        return cycles.GetProperty("opened").GetInt64() + cycles.GetProperty("closed").GetInt64();
    }
}
