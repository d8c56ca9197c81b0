using System.Collections.Concurrent;
using EsoCore.Runtime.Clustering;
using EsoCore.Tests.Support;

namespace EsoCore.Tests.Runtime.Clustering;

/// <summary>
/// A clock for silos that work on real threads, moved as fast as they follow: where one of them gets no processor for a while, hours would
/// pass by it, and the others would take it for dead.
/// </summary>
internal sealed class ClusterClock
{
    /// <summary>How far the clock moves at once.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    /// <summary>The least real time between two steps.</summary>
    public static readonly TimeSpan FastPace = TimeSpan.FromMilliseconds(1);

    /// <summary>The same where the silos have half an hour.</summary>
    public static readonly TimeSpan SteadyPace = TimeSpan.FromMilliseconds(10);

    /// <summary>The same where they have minutes, and while somebody lags behind.</summary>
    public static readonly TimeSpan SlowPace = TimeSpan.FromMilliseconds(100);

    private const int YieldsPerStep = 200;

    public ClusterClock() => Members = new BeatTable(Time);

    public FakeTimeProvider Time { get; } = new();

    /// <summary>The members, and when each of them last gave a sign of life.</summary>
    public BeatTable Members { get; }

    public DateTimeOffset Now => Time.GetUtcNow();

    public TimeSpan Pace { get; set; } = FastPace;

    /// <summary>Whether somebody has not yet done what he should have done by now.</summary>
    public Func<bool> IsBehind { get; set; } = () => false;

    /// <summary>Moves the clock in small steps, letting others do what is due, until something has happened.</summary>
    public async Task MoveUntilAsync(Task happened)
    {
        await MoveUntilAsync(() => happened.IsCompleted);
        await happened;
    }

    public Task MoveUntilAsync(Func<bool> holds)
    {
        int yields = 0;
        long stepped = TimeProvider.System.GetTimestamp();
        return RuntimeCluster.UntilAsync(() =>
        {
            if (holds()) return true;
            if (++yields < YieldsPerStep || TimeProvider.System.GetElapsedTime(stepped) < (IsBehind() ? SlowPace : Pace)) return false;
            (yields, stepped) = (0, TimeProvider.System.GetTimestamp());
            Time.Advance(Step);
            return false;
        });
    }

    /// <summary>A table in memory that notes when each member tried to raise its counter.</summary>
    public sealed class BeatTable(TimeProvider time) : IMembershipTable
    {
        /// <summary>Several heartbeats; a fraction of the silence that the others put up with.</summary>
        private static readonly TimeSpan s_late = TimeSpan.FromSeconds(30);

        private readonly MemoryMembershipTable _table = new(time);
        private readonly ConcurrentDictionary<SiloAddress, DateTimeOffset> _beats = new();

        public Func<CancellationToken, Task>? Before
        {
            set => _table.Before = value;
        }

        public bool IsLate(SiloAddress silo) => _beats.TryGetValue(silo, out DateTimeOffset last) && time.GetUtcNow() - last > s_late;

        public Task<MemberStatus?> Beat(SiloAddress address, CancellationToken cancel)
        {
            _beats[address] = time.GetUtcNow();
            return _table.Beat(address, cancel);
        }

        public Task<MembershipSnapshot> Read(CancellationToken cancel) => _table.Read(cancel);

        public Task<InsertOutcome> Insert(Member member, CancellationToken cancel) => _table.Insert(member, cancel);

        public Task<bool> Change(StatusChange change, CancellationToken cancel) => _table.Change(change, cancel);

        public Task<int> DeleteDead(TimeSpan deadFor, int limit, CancellationToken cancel) => _table.DeleteDead(deadFor, limit, cancel);
    }
}
