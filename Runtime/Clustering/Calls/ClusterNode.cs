using System.Collections.Concurrent;
using EsoCore.Runtime.Engine;
using EsoCore.Runtime.Serialization;
using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// This process's part in a cluster: its membership, its links to the other processes, and what a change of the members means for the
/// grains that are here.
/// </summary>
internal sealed partial class ClusterNode
{
    private static readonly DeactivationReason s_moved = new(DeactivationReasonCode.ShuttingDown, "Another silo has the grain now.");

    private readonly IMembershipTable _table;
    private readonly ConcurrentDictionary<SiloAddress, Peer> _peers = new();
    private readonly ConcurrentDictionary<InboundPeer, bool> _inbound = new();
    private readonly CancellationTokenSource _stop = new();
    private MembershipAgent? _agent;
    private MembershipWatcher? _watcher;
    private IMembership? _membership;
    private Task _watching = Task.CompletedTask;
    private Task _linking = Task.CompletedTask;

    public ClusterNode(GrainRuntime runtime, ClusterOptions options, IMembershipTable table, ISiloTransport transport)
    {
        (Runtime, Options, Transport, _table) = (runtime, options, transport, table);
        if (!options.IsClient) return;
        _watcher = new MembershipWatcher(table, options.Membership, runtime.TimeProvider, runtime.Log);
        _membership = _watcher;
    }

    public GrainRuntime Runtime { get; }

    public ClusterOptions Options { get; }

    public ISiloTransport Transport { get; }

    public bool IsClient => Options.IsClient;

    /// <summary>The members as this process knows them.</summary>
    public IMembership Membership => _membership ?? throw new InvalidOperationException("The silo has not started.");

    /// <summary>How things stand, or null before the start.</summary>
    public ClusterState? StateIfStarted => _membership?.State;

    /// <summary>This silo's address; null for a client and before the start.</summary>
    public SiloAddress? Self { get; private set; }

    /// <summary>Cancelled when this process's part is over.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Told once when the other silos have taken this one for dead: its process is to end, and to be started anew.</summary>
    public Action? Evicted { get; set; }

    /// <summary>Whether there are other silos to serve.</summary>
    public bool HasOthers => _membership?.State.View.Active.Any(silo => !silo.Equals(Self)) == true;

    /// <summary>Calls that wait for the answers of other silos.</summary>
    public int PendingCalls => _peers.Values.Sum(peer => peer.PendingCount);

    /// <summary>What a refusal means, as a sentence.</summary>
    public static string Explain(RefusalReason reason) => reason switch
    {
        RefusalReason.NoActiveSilo => "no silo is active.",
        RefusalReason.TooManyForwards => "the silos do not yet agree on who has the grain.",
        RefusalReason.Unconfirmed => "this silo stood still and does not know yet whether it still belongs to the cluster.",
        RefusalReason.NotOwner => "this silo is joining or leaving.",
        RefusalReason.Over => "this silo has left the cluster or was taken for dead.",
        _ => reason.ToString(),
    };

    public Peer PeerOf(SiloAddress silo) =>
        _peers.TryGetValue(silo, out Peer? known) ? known : _peers.GetOrAdd(silo, static (silo, node) => new Peer(node, silo), this);

    public void Forget(InboundPeer peer) => _inbound.TryRemove(peer, out _);

    /// <summary>Fails remote calls whose time is over. Called by the sweeper.</summary>
    public void Sweep(long nowMs)
    {
        foreach (Peer peer in _peers.Values) peer.Sweep(nowMs);
        if (_parked.Count > 0) Unpark(nowMs);
    }

    /// <summary>Ends an activation whose grain another silo has; what waits for it goes there.</summary>
    public void YieldIfOthers(Activation activation)
    {
        if (Routing.ShouldYield(Membership.State, activation.GrainId)) activation.Deactivate(s_moved);
    }

    /// <summary>Takes a port, enters the table and begins to listen. Nothing is sent here yet.</summary>
    public async Task JoinAsync(CancellationToken cancel)
    {
        CodecReadiness.Check(Runtime);
        if (!IsClient)
        {
            int port = await Transport.BindAsync(cancel);
            int advertised = Options.AdvertisedPort > 0 ? Options.AdvertisedPort : port;
            Self = new SiloAddress(Options.AdvertisedHost ?? Options.ListenAddress, advertised, SiloAddress.NewGeneration());
            var program = new ProgramInfo(Options.ProgramVersion, Options.Formats.Lowest, Options.Formats.Highest);
            var member = new Member(Self, MemberStatus.Joining, 0, Runtime.TimeProvider.GetUtcNow(), program);
            _agent = new MembershipAgent(member, _table, Options.Membership, Runtime.TimeProvider, Runtime.Log, needsLink: true);
            _membership = _agent;
        }

        Transport.Start(Self, Accept);
        _watcher?.Start();
        _agent?.Start();
    }

    /// <summary>Becomes an owner of grains; as a client, waits until the silos are known.</summary>
    /// <exception cref="TimeoutException">It did not come about within <see cref="ClusterOptions.JoinTimeout"/>.</exception>
    public async Task BecomeActiveAsync(CancellationToken cancel)
    {
        Task joined = _agent?.BecomeActive(cancel) ?? _watcher!.WaitForView(cancel);
        _linking = Detached.Run(LinkAsync);
        try
        {
            await joined.WaitAsync(Options.JoinTimeout, Runtime.TimeProvider, cancel);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException(
                $"The cluster could not be joined within {Options.JoinTimeout} "
                + $"({nameof(ClusterOptions)}.{nameof(ClusterOptions.JoinTimeout)}): "
                + (_agent?.Problem ?? WhyNotLinked() ?? "the membership table does not answer."));
        }

        _watching = Detached.Run(WatchAsync);
    }

    private InboundPeer Accept(ISiloLink link)
    {
        var peer = new InboundPeer(this, link);
        _inbound[peer] = true;
        return peer;
    }

    private async Task WatchAsync()
    {
        ClusterState state = Membership.State;
        Apply(state);
        while (!_stop.IsCancellationRequested && !state.IsOver)
        {
            try
            {
                state = await Membership.WaitForChange(state, Stopped);
                Apply(state);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception exception)
            {
                Runtime.Log.LogError(exception, "A change of the members could not be followed");
            }
        }
    }

    private void Apply(ClusterState state)
    {
        if (state.Standing == SiloStanding.Evicted)
        {
            OnEvicted();
            return;
        }

        foreach ((SiloAddress silo, Peer peer) in _peers)
        {
            // By the newest view: a call may meanwhile have gone to a silo that this state does not know yet.
            if (Membership.State.View.Find(silo) is { IsLive: true }) continue;
            if (_peers.TryRemove(silo, out _)) peer.End("the silo is no longer a member of the cluster");
        }

        if (IsClient) return;
        Unpark(Runtime.Clock.Advance());
        foreach (InboundPeer peer in _inbound.Keys) peer.CloseIfDead(state.View);
        Runtime.Catalog.ForEachPlaced(YieldIfOthers);
        Runtime.Reminders?.OnMembersChanged();
    }

    /// <summary>The others have this silo's grains by now, so whatever it goes on with would be done twice.</summary>
    private void OnEvicted()
    {
        Runtime.End();
        Disconnect("this silo was taken for dead by the others");
        Evicted?.Invoke();
    }

    private void Disconnect(string why)
    {
        _stop.Cancel();
        foreach (Peer peer in _peers.Values) peer.End(why);
    }
}
