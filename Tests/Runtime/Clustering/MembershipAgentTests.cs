using EsoCore.Runtime.Clustering;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

/// <summary>The loops around the logic, in real time: what they do is tested there, here only that they do it.</summary>
public sealed class MembershipAgentTests : IAsyncLifetime
{
    /// <summary>Nobody is evicted because a busy machine lets him stand still.</summary>
    private static readonly MembershipOptions s_patient = new()
    {
        HeartbeatInterval = TimeSpan.FromMilliseconds(50),
        EvictAfter = TimeSpan.FromMinutes(1),
        EvictUnreachableAfter = TimeSpan.FromMinutes(1),
    };

    /// <summary>For the one that is to evict another: as soon as it has watched for the longer of the two.</summary>
    private static readonly MembershipOptions s_impatient = new()
    {
        HeartbeatInterval = TimeSpan.FromMilliseconds(50),
        EvictAfter = TimeSpan.FromSeconds(12),
        EvictUnreachableAfter = TimeSpan.FromMilliseconds(500),
    };

    private readonly GarbageTable _table = new();
    private readonly List<IAsyncDisposable> _started = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (IAsyncDisposable started in _started) await started.DisposeAsync();
    }

    [Fact]
    public async Task Agents_JoinLeaveAndEnd_AndAllSeeIt()
    {
        MembershipAgent one = Start(1), two = Start(2);
        MembershipWatcher watcher = Watch();
        await one.BecomeActive(default);
        await two.BecomeActive(default);
        await watcher.WaitForView(default).WaitAsync(Probe.Patience);
        foreach (IMembership any in (IMembership[])[one, two, watcher]) await Reach(any, state => state.View.Active.Length == 2);
        Assert.Equal((SiloStanding.Outside, null), (watcher.State.Standing, watcher.State.Self));

        await one.Leave(default);
        Assert.Equal([two.State.Self!], one.State.View.Active.ToArray());
        await Reach(watcher, state => state.View.Active.Length == 1);
        await one.FinishLeaving(default);
        await one.WhenOver.WaitAsync(Probe.Patience);
        Assert.Equal(SiloStanding.Left, one.State.Standing);
        Assert.True(two.State.IsServing);
    }

    [Fact]
    public async Task AnAgentThatStops_IsEvicted_AndOneThatIsEvictedEnds()
    {
        MembershipAgent one = Start(1, s_impatient), two = Start(2), three = Start(3);
        foreach (MembershipAgent agent in (MembershipAgent[])[one, two, three]) await agent.BecomeActive(default);
        await Reach(one, state => state.View.Active.Length == 3);

        await three.DisposeAsync();
        one.ReportUnreachable(three.State.Self!);
        await Reach(one, state => state.View.Active.Length == 2);

        MembershipSnapshot now = await _table.Read(default);
        await _table.Change(new StatusChange(two.State.Self!, MemberStatus.Active, MemberStatus.Dead, now.Version, null), default);
        await two.WhenOver.WaitAsync(Probe.Patience);
        Assert.Equal(SiloStanding.Evicted, two.State.Standing);
    }

    [Fact]
    public async Task ATableThatHangs_IsNoticed_AndWhenItIsBackAllGoesOn()
    {
        MembershipAgent one = Start(1);
        MembershipWatcher watcher = Watch();
        await one.BecomeActive(default);

        // A statement that does not even heed its token.
        var hanging = new TaskCompletionSource();
        _table.Before = _ => hanging.Task;
        await Reach(one, state => !state.HasDatabase);
        await Reach(watcher, state => !state.HasDatabase);
        Assert.True(one.State.IsServing);

        _table.Before = null;
        hanging.SetResult();
        await Reach(one, state => state.HasDatabase);
        await Reach(watcher, state => state.HasDatabase);
    }

    [Fact]
    public async Task BecomeActive_WithoutATable_CanBeGivenUp()
    {
        _table.Before = _ => throw new MembershipTableException("away");
        MembershipAgent one = Start(1);
        using var end = new CancellationTokenSource();
        Task active = one.BecomeActive(end.Token);
        Assert.False(active.IsCompleted);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => active);
    }

    [Fact]
    public async Task AFailureWithinALane_EndsTheMember()
    {
        MembershipAgent one = Start(1);
        await one.BecomeActive(default);
        _table.Garbage = true;
        await one.WhenOver.WaitAsync(Probe.Patience);
        Assert.Equal(SiloStanding.Evicted, one.State.Standing);
    }

    private static async Task Reach(IMembership membership, Func<ClusterState, bool> goal)
    {
        using var limit = new CancellationTokenSource(Probe.Patience); // So that a fault is a failed test and not one that hangs.
        ClusterState state = membership.State;
        while (!goal(state)) state = await membership.WaitForChange(state, limit.Token);
    }

    private MembershipAgent Start(int n, MembershipOptions? options = null)
    {
        Member self = Members.Member(n, MemberStatus.Joining);
        var agent = new MembershipAgent(self, _table, options ?? s_patient, TimeProvider.System, NullLogger.Instance);
        _started.Add(agent);
        agent.Start();
        return agent;
    }

    private MembershipWatcher Watch()
    {
        var watcher = new MembershipWatcher(_table, s_patient, TimeProvider.System, NullLogger.Instance);
        _started.Add(watcher);
        watcher.Start();
        return watcher;
    }

    /// <summary>A table that can answer what no table should.</summary>
    private sealed class GarbageTable : IMembershipTable
    {
        private readonly MemoryMembershipTable _table = new(TimeProvider.System);

        public volatile bool Garbage;

        public Func<CancellationToken, Task>? Before
        {
            set => _table.Before = value;
        }

        public async Task<MembershipSnapshot> Read(CancellationToken cancel) =>
            Garbage ? new MembershipSnapshot(long.MaxValue, null!) : await _table.Read(cancel);

        public Task<InsertOutcome> Insert(Member member, CancellationToken cancel) => _table.Insert(member, cancel);

        public Task<MemberStatus?> Beat(SiloAddress address, CancellationToken cancel) => _table.Beat(address, cancel);

        public Task<bool> Change(StatusChange change, CancellationToken cancel) => _table.Change(change, cancel);

        public Task<int> DeleteDead(TimeSpan deadFor, int limit, CancellationToken cancel) => _table.DeleteDead(deadFor, limit, cancel);
    }
}
