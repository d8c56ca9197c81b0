using System.Globalization;
using System.Text;
using EsoCore.Runtime;
using EsoCore.Runtime.Hosting;
using EsoCore.Runtime.TestingHost;

namespace EsoCore.Benchmarks.Engine;

/// <summary>Calls within the process, and the memory of grains that do nothing.</summary>
internal static class EngineBenchmark
{
    private const int Targets = 10_000;
    private const int IdleGrains = 100_000;
    private static readonly int[] s_callers = [1, 16, 256];

    /// <summary>Orleans main on a machine of two cores, as quoted in the issue that asked for this engine; not measured in this run.</summary>
    private static readonly Dictionary<int, string> s_quoted = new() { [1] = "175,000-245,000", [16] = "480,000-690,000", [256] = "480,000-650,000" };
    private static readonly Dictionary<int, (double Low, double High)> s_quotedRange = new() { [1] = (175_000, 245_000), [16] = (480_000, 690_000), [256] = (480_000, 650_000) };
    private const double QuotedBytesPerIdleGrain = 1_786;

    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        TimeSpan duration = TimeSpan.FromSeconds(arguments.Get("seconds", 5));
        List<LoadResult> baseline = await MeasureChannelsAsync(duration);
        await using InProcessTestCluster cluster = await StartAsync();
        List<LoadResult> engine = await MeasureGrainsAsync(cluster.Client, duration);
        double idleBytes = await MeasureIdleAsync(cluster.Client);
        string report = Report(arguments.Get("date"), duration, engine, baseline, idleBytes);
        Console.WriteLine(report);
        if (!arguments.Has("no-file")) Results.Write("engine.md", report);
        return 0;
    }

    private static async Task<InProcessTestCluster> StartAsync()
    {
        InProcessTestCluster cluster = new InProcessTestClusterBuilder().ConfigureSilo((_, silo) => silo.AddGrainAssembly(typeof(EngineBenchmark).Assembly)).Build();
        await cluster.DeployAsync();
        return cluster;
    }

    private static async Task<List<LoadResult>> MeasureGrainsAsync(IGrainFactory grains, TimeSpan duration)
    {
        IPing[] targets = [.. Enumerable.Range(0, Targets).Select(i => grains.GetGrain<IPing>($"ping-{i}"))];
        return await MeasureAsync(duration, i => targets[i].Add(1));
    }

    private static async Task<List<LoadResult>> MeasureChannelsAsync(TimeSpan duration)
    {
        ChannelActor[] targets = [.. Enumerable.Range(0, Targets).Select(_ => new ChannelActor())];
        List<LoadResult> results = await MeasureAsync(duration, i => targets[i].Add(1));
        foreach (ChannelActor target in targets) target.Stop();
        return results;
    }

    private static async Task<List<LoadResult>> MeasureAsync(TimeSpan duration, Func<int, Task<int>> call)
    {
        for (int i = 0; i < Targets; i++) await call(i);
        foreach (int callers in s_callers) await CallLoad.RunAsync(callers, Targets, TimeSpan.FromSeconds(1), call);
        List<LoadResult> results = [];
        foreach (int callers in s_callers) results.Add(await CallLoad.RunAsync(callers, Targets, duration, call));
        return results;
    }

    private static async Task<double> MeasureIdleAsync(IGrainFactory grains)
    {
        await grains.GetGrain<IPing>("idle-warm").Add(1);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < IdleGrains; i++) await grains.GetGrain<IPing>($"idle-{i}").Add(1);
        return (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / IdleGrains;
    }

    private static string Report(string? date, TimeSpan duration, List<LoadResult> engine, List<LoadResult> baseline, double idleBytes)
    {
        var text = new StringBuilder();
        text.AppendLine("# Engine").AppendLine();
        text.AppendLine("`dotnet run -c Release --project Benchmarks -- engine`").AppendLine();
        text.AppendLine($"Machine: {Machine.Describe()}{(date is null ? "" : $". Date: {date}")}. {duration.TotalSeconds:0} s each, {Format(Targets)} targets, after a warm-up of 1 s each.");
        text.AppendLine("The baseline, measured in the same run, is a `Channel<T>` per actor with a completion source per answer. Orleans' figures are quoted from the issue, not measured in this run.").AppendLine();
        text.AppendLine("| callers | calls/s | x baseline | x Orleans (quoted) | Orleans (quoted) | baseline calls/s | CPU us/call | baseline CPU us/call | bytes/call |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|");
        foreach ((LoadResult own, LoadResult other) in engine.Zip(baseline))
        {
            (double low, double high) = s_quotedRange[own.Callers];
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"| {own.Callers} | {Format(own.CallsPerSecond)} | {own.CallsPerSecond / other.CallsPerSecond:0.00} | {own.CallsPerSecond / high:0.0}-{own.CallsPerSecond / low:0.0} | {s_quoted[own.Callers]} | {Format(other.CallsPerSecond)} | {own.CpuMicrosecondsPerCall:0.00} | {other.CpuMicrosecondsPerCall:0.00} | {own.BytesPerCall:0} |"));
        }

        text.AppendLine().AppendLine("| callers | who | wait p50 ms | p99 ms | p99.9 ms | longest ms |").AppendLine("|---|---|---|---|---|---|");
        foreach ((LoadResult own, LoadResult other) in engine.Zip(baseline))
        {
            Waits(text, own, "engine");
            Waits(text, other, "baseline");
        }

        text.AppendLine().AppendLine("| memory | engine | Orleans (quoted) | ratio |").AppendLine("|---|---|---|---|");
        text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"| bytes per idle grain, of {Format(IdleGrains)} | {idleBytes:0} | {QuotedBytesPerIdleGrain:0} | {idleBytes / QuotedBytesPerIdleGrain:0.00} |"));
        return text.ToString();
    }

    private static void Waits(StringBuilder text, LoadResult result, string who) => text.AppendLine(string.Create(
        CultureInfo.InvariantCulture,
        $"| {result.Callers} | {who} | {result.Waits.PercentileMs(0.5):0.000} | {result.Waits.PercentileMs(0.99):0.000} | {result.Waits.PercentileMs(0.999):0.000} | {result.Waits.LongestMs:0.0} |"));

    private static string Format(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
