using System.Diagnostics;

namespace EsoCore.Benchmarks.Engine;

/// <summary>What some callers saw.</summary>
internal sealed record LoadResult(
    int Callers, double CallsPerSecond, double CpuMicrosecondsPerCall, double BytesPerCall, WaitHistogram Waits)
{
    /// <summary>How many cores' worth of time the process got; less than there are means that others used the machine.</summary>
    public double Cores => CallsPerSecond * CpuMicrosecondsPerCall / 1_000_000;

    /// <summary>The rate of the best of several rounds.</summary>
    public double BestCallsPerSecond { get; private init; } = CallsPerSecond;

    /// <summary>The median round with the waits of all.</summary>
    public static LoadResult Combine(IReadOnlyCollection<LoadResult> rounds)
    {
        var waits = new WaitHistogram();
        foreach (LoadResult round in rounds) waits.Add(round.Waits);
        LoadResult[] ordered = [.. rounds.OrderBy(round => round.CallsPerSecond)];
        return ordered[ordered.Length / 2] with { Waits = waits, BestCallsPerSecond = ordered[^1].CallsPerSecond };
    }
}

/// <summary>Callers that call one target after the other, each waiting for the answer before the next call.</summary>
internal static class CallLoad
{
    public static Task<LoadResult> RunAsync(int callers, int targets, TimeSpan duration, Func<int, Task<int>> call) =>
        RunAsync(callers, duration, (_, random) => call(random.Next(targets)));

    /// <summary>The same where each caller has a target of its own.</summary>
    public static Task<LoadResult> RunByCallerAsync(int callers, TimeSpan duration, Func<int, Task<int>> call) =>
        RunAsync(callers, duration, (caller, _) => call(caller));

    private static async Task<LoadResult> RunAsync(int callers, TimeSpan duration, Func<int, Random, Task<int>> call)
    {
        using var stop = new CancellationTokenSource();
        long bytes = GC.GetTotalAllocatedBytes();
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        long end = start + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        WaitHistogram[] waits = await Task.WhenAll(
            Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller, end, call))));
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        bytes = GC.GetTotalAllocatedBytes() - bytes;
        var all = new WaitHistogram();
        foreach (WaitHistogram one in waits) all.Add(one);
        return new LoadResult(callers, all.Count / took.TotalSeconds, cpu.TotalMicroseconds / all.Count, (double)bytes / all.Count, all);
    }

    private static async Task<WaitHistogram> CallAsync(int caller, long end, Func<int, Random, Task<int>> call)
    {
        var waits = new WaitHistogram();
        var random = new Random(caller);
        long before = Stopwatch.GetTimestamp();
        while (before < end)
        {
            await call(caller, random);
            long after = Stopwatch.GetTimestamp();
            waits.Record(after - before);
            before = after;
        }

        return waits;
    }
}
