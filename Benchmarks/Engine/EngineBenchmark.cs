using Microsoft.Extensions.DependencyInjection;


namespace EsoCore.Benchmarks.Engine;

/// <summary>Calls within the process, and the memory of grains that do nothing.</summary>
internal static class EngineBenchmark
{
    private const int Targets = 10_000;
    private const int IdleGrains = 100_000;
    private const int Rounds = 3;
    private static readonly int[] s_callers = [1, 16, 256];

    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        TimeSpan duration = TimeSpan.FromSeconds(arguments.Get("seconds", 3));
        await using InProcessTestCluster cluster = await StartAsync();
        // First, since what the load leaves to the collector would be taken for memory given back.
        double idleBytes = await MeasureIdleAsync(GrainsOf(cluster));
        (List<LoadResult> engine, List<LoadResult> baseline) = await MeasureCallsAsync(GrainsOf(cluster), duration);
        var report = new EngineReport(duration, Rounds, Targets, IdleGrains, engine, baseline, idleBytes);
        string text = report.Write(arguments.Get("date"));
        Console.WriteLine(text);
        if (!arguments.Has("no-file")) Results.Write("engine.md", text);
        return 0;
    }

    /// <summary>The silo's own client: calls within the process.</summary>
    private static IGrainFactory GrainsOf(InProcessTestCluster cluster) =>
        cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>();

    private static async Task<InProcessTestCluster> StartAsync()
    {
        InProcessTestCluster cluster = new InProcessTestClusterBuilder(1)
            .ConfigureSilo((_, silo) => silo.AddGrainAssembly(typeof(EngineBenchmark).Assembly)).Build();
        await cluster.DeployAsync();
        return cluster;
    }

    private static async Task<(List<LoadResult> Engine, List<LoadResult> Baseline)> MeasureCallsAsync(IGrainFactory grains, TimeSpan duration)
    {
        IPing[] pings = [.. Enumerable.Range(0, Targets).Select(i => grains.GetGrain<IPing>($"ping-{i}"))];
        ChannelActor[] actors = [.. Enumerable.Range(0, Targets).Select(_ => new ChannelActor())];
        Func<int, Task<int>> callGrain = i => pings[i].Add(1), callActor = i => actors[i].Add(1);
        foreach (Func<int, Task<int>> call in new[] { callGrain, callActor })
        {
            for (int i = 0; i < Targets; i++) await call(i);
            foreach (int callers in s_callers) await CallLoad.RunAsync(callers, Targets, TimeSpan.FromSeconds(1), call);
        }

        List<LoadResult> engine = [], baseline = [];
        foreach (int callers in s_callers)
        {
            // In turn, so that what else the machine does falls on both.
            List<LoadResult> own = [], other = [];
            for (int round = 0; round < Rounds; round++)
            {
                own.Add(await CallLoad.RunAsync(callers, Targets, duration, callGrain));
                other.Add(await CallLoad.RunAsync(callers, Targets, duration, callActor));
            }

            engine.Add(LoadResult.Combine(own));
            baseline.Add(LoadResult.Combine(other));
        }

        foreach (ChannelActor actor in actors) actor.Stop();
        return (engine, baseline);
    }

    private static async Task<double> MeasureIdleAsync(IGrainFactory grains)
    {
        await grains.GetGrain<IPing>("idle-warm").Add(1);
        long before = ManagedMemory.Settled();
        for (int i = 0; i < IdleGrains; i++) await grains.GetGrain<IPing>($"idle-{i}").Add(1);
        return (double)(ManagedMemory.Settled() - before) / IdleGrains;
    }
}
