using System.Globalization;
using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;

namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>What a run leaves out, to show that the simulation notices.</summary>
/// <param name="IgnoresGaps">Members judge by what they saw before they stood still or the database was away.</param>
/// <param name="BlindStore">Commits happen whatever version is stored.</param>
/// <param name="ForgetsForwards">Calls do not carry how often they were forwarded, nor wait for views to become one.</param>
internal sealed record SimSetup(bool IgnoresGaps = false, bool BlindStore = false, bool ForgetsForwards = false);

/// <summary>The silos, what they share, and the processes that only watch.</summary>
internal sealed class Cluster
{
    /// <summary>Where those are that make calls and are no part of the cluster.</summary>
    public const int ClientNode = -1;

    private const int Grains = 12;
    private const int FirstApiNode = 100;

    private readonly GrainId[] _ids =
        [.. Enumerable.Range(0, Grains).Select(grain => GrainId.Create("device", grain.ToString(CultureInfo.InvariantCulture)))];

    private readonly SortedDictionary<int, SimSilo> _silos = [];

    public Cluster(World world, SimSetup setup)
    {
        (World, Setup) = (world, setup);
        Database = new SimDatabase(world);
        Table = new SimTable(world, Database, Options);
        Store = new SimStore(world, Database, Grains, setup.BlindStore);
        Network = new SimNetwork(world);
        Apis = [new SimApi(this, FirstApiNode), new SimApi(this, FirstApiNode + 1)];
    }

    public World World { get; }

    public SimSetup Setup { get; }

    public MembershipOptions Options { get; } = new();

    public SimDatabase Database { get; }

    public SimTable Table { get; }

    public SimStore Store { get; }

    public SimNetwork Network { get; }

    public IReadOnlyList<SimApi> Apis { get; }

    /// <summary>Those whose processes are there, paused ones too.</summary>
    public IReadOnlyList<SimSilo> Silos => [.. _silos.Values.Where(silo => !silo.IsGone)];

    public GrainId Id(int grain) => _ids[grain];

    public void Start(int node)
    {
        if (_silos.TryGetValue(node, out SimSilo? running) && !running.IsGone) return;
        World.Note("start", node);
        _silos[node] = new SimSilo(this, node);
    }

    /// <summary>A process dies; those connected to it notice, unless the network is cut too.</summary>
    public void Crash(SimSilo silo)
    {
        silo.Crash();
        foreach (SimSilo other in Silos) Network.Send(silo.Node, other.Node, () => other.Unreachable(silo.Address));
    }

    /// <summary>A supervisor starts again what has ended, after a while.</summary>
    public void OnOver(SimSilo silo) => World.After(World.Between(100, 2_000), () => Start(silo.Node));

    public bool IsActivatedElsewhere(SimSilo here, int grain) =>
        Silos.Any(silo => silo != here && silo.ActivatedGrains.Contains(grain));

    public void Send(int from, SimSilo? sender, SiloAddress target, SimCall call, long viewVersion)
    {
        call.ViewVersion = viewVersion;
        int to = int.Parse(target.Host.AsSpan("silo".Length), CultureInfo.InvariantCulture);
        if (Network.IsCut(from, to) && World.Chance(0.5))
        {
            Refuse();
            return;
        }

        Network.Send(from, to, () =>
        {
            if (_silos.TryGetValue(to, out SimSilo? silo) && !silo.IsGone && silo.Address == target) silo.Guard(() => silo.Arrive(call));
            else Refuse();
        });

        void Refuse()
        {
            World.Count("refused connections");
            World.Note("refused connection", from, to);
            sender?.Unreachable(target);
            call.End(CallOutcome.Failed);
        }
    }
}

/// <summary>A process that holds no grains: it reads the table and sends calls.</summary>
internal sealed class SimApi
{
    private readonly Cluster _cluster;
    private readonly int _node;
    private ClusterState _state = new(MembershipView.Empty, null, SiloStanding.Outside, false);

    public SimApi(Cluster cluster, int node)
    {
        (_cluster, _node) = (cluster, node);
        Read();
    }

    public long ViewVersion => _state.View.Version;

    public void Receive(SimCall call)
    {
        Route route = Routing.Decide(_state, _cluster.Id(call.Grain), call.Forwards);
        call.Forwards = 0;
        if (route.Kind == RouteKind.Remote) _cluster.Send(_node, null, route.Target!, call, _state.View.Version);
        else call.End(CallOutcome.Failed);
    }

    private void Read() => _cluster.Table.Submit(_node, null, new ReadRequest(_cluster.World.Now), (reply, _) =>
    {
        if (reply is ReadReply read && read.Snapshot.Version > _state.View.Version)
            _state = _state with { View = new MembershipView(read.Snapshot) };
        _cluster.World.After(_cluster.Options.HeartbeatInterval, Read);
    });
}
