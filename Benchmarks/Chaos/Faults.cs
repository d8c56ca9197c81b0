namespace EsoCore.Benchmarks.Chaos;

/// <summary>What can happen to a cluster; each ends with everything running again.</summary>
internal enum Fault
{
    /// <summary>kill -9 of a silo, and its start by the supervisor.</summary>
    Kill,

    /// <summary>A silo stands still for longer than the others wait for it, and goes on; what ends then is started again.</summary>
    Pause,

    /// <summary>The database server stops as if its machine had failed, and starts again.</summary>
    DatabaseRestart,

    /// <summary>Nobody reaches a silo for a while, though it runs and reaches the database.</summary>
    Cut,
}

/// <summary>Brings faults about.</summary>
/// <param name="cluster">The processes.</param>
/// <param name="pause">How long a pause lasts.</param>
/// <param name="cut">How long a cut lasts.</param>
internal sealed class FaultMaker(ClusterProcesses cluster, TimeSpan pause, TimeSpan cut)
{
    /// <summary>How long a silo that stood still has to find out, and to end.</summary>
    private const int MaxLooks = 100;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);

    /// <summary>The faults of a run, drawn so that each kind comes about as its weight says, and at least once when there is room.</summary>
    internal static IReadOnlyList<Fault> Plan(int count, Random random)
    {
        Fault[] first = [Fault.Kill, Fault.Pause, Fault.DatabaseRestart, Fault.Cut];
        Fault[] weighed = [Fault.Kill, Fault.Kill, Fault.Kill, Fault.Kill, Fault.Kill, Fault.Pause, Fault.DatabaseRestart, Fault.Cut];
        var plan = first.Take(count).Concat(Enumerable.Range(0, Math.Max(0, count - first.Length)).Select(_ => weighed[random.Next(weighed.Length)])).ToArray();
        random.Shuffle(plan);
        return plan;
    }

    internal async Task Make(Fault fault, Random random)
    {
        var (silo, network) = cluster.Silos[random.Next(cluster.Silos.Count)];
        switch (fault)
        {
            case Fault.Kill:
                silo.Kill();
                await silo.Start();
                break;
            case Fault.Pause:
                silo.Signal("STOP");
                await Task.Delay(pause, TimeProvider.System);
                silo.Signal("CONT");
                for (var i = 0; i < MaxLooks && silo.IsRunning; i++)
                    await Task.Delay(BetweenLooks, TimeProvider.System);
                break;
            case Fault.DatabaseRestart:
                cluster.Postgres.Stop(immediately: random.Next(2) == 0);
                cluster.Postgres.Start();
                break;
            case Fault.Cut:
                network.Cut();
                await Task.Delay(cut, TimeProvider.System);
                network.Mend();
                break;
        }

        await Supervise();
    }

    /// <summary>Starts again whatever ended by itself, as a supervisor does.</summary>
    internal async Task Supervise()
    {
        foreach (var process in cluster.Silos.Select(silo => silo.Process).Concat(cluster.Doors).Where(process => !process.IsRunning))
            await process.Start();
    }
}
