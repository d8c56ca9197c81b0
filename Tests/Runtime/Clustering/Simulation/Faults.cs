namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>What goes wrong in a run, and when; all of it is over by <see cref="End"/>.</summary>
internal sealed class Faults(Cluster cluster, int nodes)
{
    /// <summary>From when on there are no faults.</summary>
    public static readonly TimeSpan End = TimeSpan.FromSeconds(18);

    /// <summary>From one planned shutdown to the next: longer than leaving, starting again and joining take.</summary>
    public static readonly TimeSpan UpgradeStep = TimeSpan.FromSeconds(6);

    private const int MostFaults = 9;

    private readonly World _world = cluster.World;

    /// <summary>One process is killed, and nothing else happens.</summary>
    public void ScheduleKill(TimeSpan at)
    {
        (cluster.Database.IsUnreliable, cluster.Network.DropRate) = (false, 0);
        _world.After(at + _world.Between(0, 500), () => cluster.Crash(_world.Pick(cluster.Silos)));
    }

    /// <summary>No faults, only planned shutdowns, one at a time, and silos that come back.</summary>
    public void ScheduleUpgrade()
    {
        (cluster.Database.IsUnreliable, cluster.Network.DropRate) = (false, 0);
        for (int node = 0; node < nodes; node++)
        {
            int next = node;
            _world.After(UpgradeStep * (node + 1), () => cluster.Silos.Single(silo => silo.Node == next).Leave());
        }
    }

    public void Schedule()
    {
        int count = 2 + _world.Next(MostFaults - 1);
        for (int i = 0; i < count; i++) _world.After(_world.Between(1_500, 15_000), Strike);
    }

    /// <summary>Ends whatever is still wrong.</summary>
    public void Heal()
    {
        cluster.Database.ComeBack();
        (cluster.Database.IsSlow, cluster.Database.IsUnreliable) = (false, false);
        (cluster.Network.IsSlow, cluster.Network.DropRate) = (false, 0);
        for (int node = 0; node < nodes; node++)
        {
            cluster.Database.Heal(node);
            for (int other = 0; other < node; other++) cluster.Network.Heal(node, other);
        }

        foreach (SimSilo silo in cluster.Silos) silo.Resume();
    }

    private void Strike()
    {
        int kind = _world.Next(10);
        _world.Note("fault", kind);
        switch (kind)
        {
            case 0 or 1:
                OnSilo(silo =>
                {
                    // Killed, when its connections are reset; or its machine is gone, and nobody is told.
                    if (_world.Chance(0.5)) cluster.Crash(silo);
                    else silo.Crash();
                    _world.After(_world.Between(300, 4_000), () => cluster.Start(silo.Node));
                });
                break;
            case 2 or 3:
                // Most are long enough to be evicted, some are not.
                OnSilo(silo => During(200, 7_000, silo.Pause, silo.Resume));
                break;
            case 4:
                During(200, 6_000, cluster.Database.GoAway, cluster.Database.ComeBack);
                break;
            case 5:
                OnSilo(silo => During(300, 5_000, () => cluster.Database.Cut(silo.Node), () => cluster.Database.Heal(silo.Node)));
                break;
            case 6:
                var (one, other) = (_world.Next(nodes), _world.Next(nodes));
                During(300, 6_000, () => cluster.Network.Cut(one, other), () => cluster.Network.Heal(one, other));
                break;
            case 7:
                // A planned shutdown; a supervisor starts it again.
                OnSilo(silo => silo.Leave());
                break;
            case 8:
                During(500, 4_000, () => cluster.Database.IsSlow = true, () => cluster.Database.IsSlow = false);
                break;
            default:
                During(
                    500,
                    5_000,
                    () => (cluster.Network.IsSlow, cluster.Network.DropRate) = (true, 0.1),
                    () => (cluster.Network.IsSlow, cluster.Network.DropRate) = (false, 0));
                break;
        }
    }

    private void OnSilo(Action<SimSilo> fault)
    {
        SimSilo[] running = [.. cluster.Silos.Where(silo => !silo.IsPaused)];
        if (running.Length > 0) fault(_world.Pick(running));
    }

    private void During(int fromMs, int toMs, Action begin, Action end)
    {
        begin();
        _world.After(_world.Between(fromMs, toMs), end);
    }
}
