using EsoCore.Runtime.Clustering;

namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>One run: a cluster starts, is used, suffers, and must be well again a while after the last fault.</summary>
internal static class Simulation
{
    /// <summary>After the last fault, until all views are one: a restart, joining, and the longest silence that is waited for.</summary>
    private static readonly TimeSpan s_settle = TimeSpan.FromSeconds(10);

    /// <summary>Until what was tried in vain before has been tried again.</summary>
    private static readonly TimeSpan s_finish = TimeSpan.FromSeconds(5);

    public static World Run(ulong seed, SimSetup? setup = null)
    {
        var world = new World(seed);
        var cluster = new Cluster(world, setup ?? new SimSetup());
        int nodes = 2 + world.Next(4);
        for (int node = 0; node < nodes; node++)
        {
            int started = node;
            world.After(world.Between(0, 1_000), () => cluster.Start(started));
        }

        var clients = new SimClients(cluster);
        world.After(world.Between(0, 1_000), clients.Run);
        var faults = new Faults(cluster, nodes);
        faults.Schedule();
        world.RunUntil(Faults.End);

        clients.IsStopped = true;
        faults.Heal();
        world.Note("healed");
        world.RunUntil(Faults.End + s_settle);
        CheckConverged(cluster, nodes);
        world.RunUntil(Faults.End + s_settle + s_finish);
        world.Check(clients.Pending == 0, $"{clients.Pending} writes never succeeded");

        for (int grain = 0; grain < cluster.Store.Grains; grain++) clients.Write(grain, retries: false);
        world.RunUntil(Faults.End + s_settle + 2 * s_finish);
        world.Check(clients.Pending == 0, "Calls hang after all faults were over");
        CheckConverged(cluster, nodes);
        CheckOwners(cluster);
        clients.CheckAcknowledged();
        return world;
    }

    /// <summary>A rolling upgrade of all silos: not one call fails, although nobody tries again.</summary>
    public static World Upgrade(ulong seed)
    {
        var world = new World(seed);
        var cluster = new Cluster(world, new SimSetup());
        int nodes = 2 + world.Next(3);
        for (int node = 0; node < nodes; node++) cluster.Start(node);
        new Faults(cluster, nodes).ScheduleUpgrade();
        var clients = new SimClients(cluster) { IsImpatient = true };
        world.After(TimeSpan.FromSeconds(2), clients.Run);
        TimeSpan end = Faults.UpgradeStep * (nodes + 1);
        world.RunUntil(end);
        clients.IsStopped = true;
        world.RunUntil(end + s_finish);
        world.Check(clients.Pending == 0, "Calls hang");
        world.Check(world.Counts.GetValueOrDefault(nameof(SiloStanding.Left)) == nodes, "Not all silos were upgraded");
        CheckConverged(cluster, nodes);
        clients.CheckAcknowledged();
        return world;
    }

    /// <summary>One of several silos is killed: two seconds later no call fails any more.</summary>
    public static World Failover(ulong seed)
    {
        var world = new World(seed);
        var cluster = new Cluster(world, new SimSetup());
        int nodes = 2 + world.Next(3);
        for (int node = 0; node < nodes; node++) cluster.Start(node);
        TimeSpan kill = TimeSpan.FromSeconds(4);
        new Faults(cluster, nodes).ScheduleKill(kill);
        var clients = new SimClients(cluster) { IsImpatient = true };
        world.After(kill + TimeSpan.FromSeconds(2.5), clients.Run);
        world.RunUntil(2 * kill);
        clients.IsStopped = true;
        world.RunUntil(2 * kill + s_finish);
        world.Check(clients.Pending == 0, "Calls hang");
        CheckConverged(cluster, nodes - 1);
        return world;
    }

    private static void CheckConverged(Cluster cluster, int nodes)
    {
        World world = cluster.World;
        MembershipSnapshot table = cluster.Table.Snapshot;
        IReadOnlyList<SimSilo> silos = cluster.Silos;
        world.Check(silos.Count == nodes, "Not all silos run again");
        foreach (SimSilo silo in silos)
        {
            world.Check(silo.State.IsServing, $"Silo {silo.Node} is {silo.State.Standing} long after the last fault");
            world.Check(silo.State.View.Version == table.Version, $"The view of silo {silo.Node} is old");
            world.Check(silo.State.HasDatabase, $"Silo {silo.Node} misses the database");
        }

        world.Check(
            silos.Select(silo => silo.Address).Order().SequenceEqual(table.Members.Where(m => m.IsLive).Select(m => m.Address).Order()),
            "The table has other members than those that run");
        world.Check(cluster.Apis.All(api => api.ViewVersion == table.Version), "The view of an api process is old");
    }

    private static void CheckOwners(Cluster cluster)
    {
        for (int grain = 0; grain < cluster.Store.Grains; grain++)
        {
            SimSilo[] holders = [.. cluster.Silos.Where(silo => silo.ActivatedGrains.Contains(grain))];
            SiloAddress owner = cluster.Silos[0].State.View.OwnerOf(cluster.Id(grain))!;
            cluster.World.Check(
                holders.Length == 1 && holders[0].Address == owner,
                $"Grain {grain} of {owner} is activated by {string.Join(", ", holders.Select(silo => silo.Address))}");
        }
    }
}
