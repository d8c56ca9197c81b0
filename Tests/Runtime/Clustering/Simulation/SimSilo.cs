using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;

namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>One start of a silo's process: the real logic and routing over simulated time, database and network.</summary>
internal sealed class SimSilo
{
    private static readonly TimeSpan s_catchUp = TimeSpan.FromSeconds(1);

    private readonly Cluster _cluster;
    private readonly World _world;
    private readonly TimeSpan _clockStart;
    private readonly MembershipLogic _logic;
    private readonly Dictionary<int, SimActivation> _activations = [];
    private readonly HashSet<SiloAddress> _reported = [];
    private readonly Queue<Action> _held = [];
    private readonly List<SimCall> _catchingUp = [];
    private readonly long[] _wakes = new long[2];
    private TimeSpan _learnedAt = TimeSpan.MinValue;
    private TimeSpan _pausedSince;
    private bool _finishedLeaving;

    public SimSilo(Cluster cluster, int node)
    {
        (_cluster, _world, Node) = (cluster, cluster.World, node);

        // Every process has a clock of its own, which started some time before.
        _clockStart = -_world.Between(0, 1_000_000);
        Address = new SiloAddress("silo" + node, 11_111, (long)(_world.NextRandom() >> 1));
        var self = new Member(Address, MemberStatus.Joining, 0, DateTimeOffset.UnixEpoch + _world.Now, new ProgramInfo("1", 1, 1));
        _logic = new MembershipLogic(self, cluster.Options, Clock, ignoresGaps: cluster.Setup.IgnoresGaps);
        Pump();
        Later(_world.Between(50, 500), () => Command(() => _logic.ListenerIsUp(Clock)));
    }

    public int Node { get; }

    public SiloAddress Address { get; }

    public bool IsGone { get; private set; }

    public bool IsPaused { get; private set; }

    /// <summary>When it last went on after standing still for longer than regular reads are apart.</summary>
    public TimeSpan ResumedAt { get; private set; } = TimeSpan.MinValue / 2;

    public ClusterState State => _logic.State;

    public IReadOnlyCollection<int> ActivatedGrains => _activations.Keys;

    private TimeSpan Clock => _world.Now - _clockStart;

    public bool HasReported(SiloAddress silo) => _reported.Contains(silo);

    public void Crash()
    {
        _world.Note("crash", Node);
        IsGone = true;
        _activations.Clear();
        _held.Clear();
    }

    public void Pause()
    {
        _world.Note("pause", Node);
        (IsPaused, _pausedSince) = (true, _world.Now);
    }

    public void Resume()
    {
        if (!IsPaused || IsGone) return;
        _world.Note("resume", Node);
        IsPaused = false;
        if (_world.Now - _pausedSince > _cluster.Options.MaxReadGap) ResumedAt = _world.Now;
        while (!IsPaused && !IsGone && _held.TryDequeue(out Action? next)) next();
    }

    public void Leave()
    {
        _world.Note("leave", Node);
        Command(() => _logic.Leave(Clock));
    }

    /// <summary>A call arrives. If its sender knew more than this silo, it waits for a while for this one to catch up.</summary>
    public void Arrive(SimCall call)
    {
        if (call.ViewVersion <= State.View.Version || _cluster.Setup.ForgetsForwards)
        {
            Receive(call);
            return;
        }

        _world.Count("waits for a view");
        _catchingUp.Add(call);
        Command(() => _logic.NoticeVersion(call.ViewVersion, Clock));
        Later(s_catchUp, () =>
        {
            if (_catchingUp.Remove(call)) Receive(call);
        });
    }

    /// <summary>A call begins here, or goes on.</summary>
    public void Receive(SimCall call)
    {
        Route route = Routing.Decide(State, _cluster.Id(call.Grain), call.Forwards);
        switch (route.Kind)
        {
            case RouteKind.Local:
                TakeHere(call);
                break;
            case RouteKind.Remote:
                if (call.Forwards is not null) CountForward(call);
                call.Forwards = call.Forwards is { } before && !_cluster.Setup.ForgetsForwards ? before + 1 : 0;
                _cluster.Send(Node, this, route.Target!, call, State.View.Version);
                break;
            default:
                _world.Count("refused: " + route.Reason);
                Answer(call, CallOutcome.Failed);
                break;
        }
    }

    public void Answer(SimCall call, CallOutcome outcome) => _cluster.Network.Send(Node, Cluster.ClientNode, () => call.End(outcome));

    public void Unreachable(SiloAddress silo) => Guard(() =>
    {
        _reported.Add(silo);
        Command(() => _logic.ReportUnreachable(silo, Clock));
    });

    public void OnIdle(int grain)
    {
        if (_activations.TryGetValue(grain, out SimActivation? idle) && Routing.ShouldYield(State, _cluster.Id(grain)) && idle.IsIdle)
            _activations.Remove(grain);
        if (State.Standing == SiloStanding.Leaving && _activations.Count == 0) FinishLeaving();
    }

    public Action<T> Guarded<T>(Action<T> what) => value => Guard(() => what(value));

    /// <summary>What happens to a process happens when it runs: later if it is paused, never if it is gone.</summary>
    public void Guard(Action what)
    {
        if (IsGone) return;
        if (IsPaused) _held.Enqueue(what);
        else what();
    }

    private void TakeHere(SimCall call)
    {
        _world.Check(
            !(_cluster.Table.DeadSince(Address) is { } dead && _learnedAt > dead),
            $"Silo {Node} serves although it has learned that it is dead");
        if (!_activations.TryGetValue(call.Grain, out SimActivation? activation))
        {
            if (_cluster.IsActivatedElsewhere(this, call.Grain)) _world.Count("second activations");
            _activations.Add(call.Grain, activation = new SimActivation(this, _cluster.Store, _world, call.Grain));
        }

        activation.Take(call);
    }

    private void CountForward(SimCall call)
    {
        _world.Count("forwards");
        call.TimesForwarded++;
        _world.Check(call.TimesForwarded <= Routing.MaxForwards, "A call was forwarded too often");
    }

    private void Command(Action command)
    {
        ClusterState before = State;
        command();
        AfterStep(before);
    }

    private void Pump()
    {
        ClusterState before = State;
        foreach (Lane lane in (ReadOnlySpan<Lane>)[Lane.Beat, Lane.Watch])
        {
            if (_logic.Next(lane, Clock) is { } request) Submit(request);
            TimeSpan due = _logic.DueAt(lane);
            long wake = ++_wakes[(int)lane];
            if (due < TimeSpan.MaxValue)
            {
                TimeSpan delay = due > Clock ? due - Clock : TimeSpan.Zero;
                Later(delay, () =>
                {
                    if (_wakes[(int)lane] == wake) Pump();
                });
            }
        }

        if (!ReferenceEquals(before, State)) OnChange(before);
    }

    private void Submit(TableRequest request) => _cluster.Table.Submit(Node, this, request, (reply, madeAt) => Guard(() =>
    {
        ClusterState before = State;
        _logic.Complete(request, reply, Clock);
        if (reply is ReadReply or BeatReply) _learnedAt = madeAt;
        AfterStep(before);
    }));

    private void AfterStep(ClusterState before)
    {
        if (!ReferenceEquals(before, State)) OnChange(before);
        if (!IsGone) Pump();
    }

    private void OnChange(ClusterState before)
    {
        _world.Note("state " + State.Standing, Node, State.View.Version);
        _world.Check(State.View.Version >= before.View.Version, $"The view of silo {Node} went back");
        _world.Check(!before.IsOver, $"Silo {Node} came back from its end");
        foreach ((int grain, SimActivation activation) in _activations.ToArray())
        {
            if (State.IsOver) activation.Abandon();
            if (State.IsOver || (activation.IsIdle && Routing.ShouldYield(State, _cluster.Id(grain)))) _activations.Remove(grain);
        }

        foreach (SimCall call in _catchingUp.Where(call => State.IsOver || call.ViewVersion <= State.View.Version).ToArray())
        {
            _catchingUp.Remove(call);
            Receive(call);
        }

        if (State.Standing == SiloStanding.Leaving && _activations.Count == 0) FinishLeaving();
        if (!State.IsOver) return;
        _world.Count(State.Standing.ToString());
        IsGone = true;
        _cluster.OnOver(this);
    }

    private void FinishLeaving()
    {
        if (_finishedLeaving) return;
        _finishedLeaving = true;
        Later(TimeSpan.Zero, () => Command(() => _logic.FinishLeaving(Clock)));
    }

    private void Later(TimeSpan delay, Action what) => _world.After(delay, () => Guard(what));
}
