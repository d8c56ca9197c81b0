using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.Engine;
using EsoCore.Runtime.TestingHost;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class ClusterReminderTests
{
    [Fact]
    public async Task Reminders_fire_where_their_grains_are_and_go_with_them()
    {
        var clock = new ClusterClock();
        await using ManySilos silos = await StartAsync(clock, new UncertainTable(clock.Time));
        InProcessSiloHandle first = silos.Silos[0], second = silos.Silos[1];
        string key = silos.KeysOn(second, "woken").First();
        await first.Client.GetGrain<IWoken>(key).Register();
        await clock.MoveUntilAsync(silos.Gates.NotedAsync($"woken {key} at {second.SiloAddress}"));
        await clock.MoveUntilAsync(silos.Cluster.StopSiloAsync(second));
        await clock.MoveUntilAsync(silos.Gates.NotedAsync($"woken {key} at {first.SiloAddress}"));
        await first.Client.GetGrain<IWoken>(key).Unregister();
        int woken = silos.Gates.Words.Length;
        for (int i = 0; i < 90; i++) clock.Time.Advance(ClusterClock.Step);
        Assert.Equal(woken, silos.Gates.Words.Length);
        await clock.MoveUntilAsync(silos.Cluster.StopAllSilosAsync());
    }

    [Fact]
    public async Task Reminders_that_could_not_be_taken_over_at_once_are_soon()
    {
        var clock = new ClusterClock();
        var table = new UncertainTable(clock.Time);
        await using ManySilos silos = await StartAsync(clock, table);
        InProcessSiloHandle first = silos.Silos[0], second = silos.Silos[1];
        string key = silos.KeysOn(second, "woken").First();
        await first.Client.GetGrain<IWoken>(key).Register();
        await clock.MoveUntilAsync(silos.Gates.NotedAsync($"woken {key} at {second.SiloAddress}"));
        SiloAddress gone = second.SiloAddress!;
        table.IsAway = true;
        await clock.MoveUntilAsync(silos.Cluster.StopSiloAsync(second));
        await clock.MoveUntilAsync(() => first.ClusterState!.View.Find(gone) is not { IsLive: true } && table.Refusals > 0);

        // Whatever the change of members set going has been refused by now.
        DateTimeOffset settled = clock.Now + TimeSpan.FromSeconds(20);
        await clock.MoveUntilAsync(() => clock.Now >= settled);
        DateTimeOffset back = clock.Now;
        table.IsAway = false;
        await clock.MoveUntilAsync(() => table.RefusedAt is null);
        Assert.InRange(table.ReadAt - back, TimeSpan.Zero, TimeSpan.FromMinutes(2));
        await clock.MoveUntilAsync(silos.Gates.NotedAsync($"woken {key} at {first.SiloAddress}"));
        await clock.MoveUntilAsync(silos.Cluster.StopAllSilosAsync());
    }

    [Fact]
    public async Task A_tick_that_fell_due_while_the_database_was_away_and_its_silo_dead_comes_when_another_has_the_grain()
    {
        var clock = new ClusterClock();
        var table = new UncertainTable(clock.Time);
        await using ManySilos silos = await StartAsync(clock, table);
        InProcessSiloHandle first = silos.Silos[0], second = silos.Silos[1];
        string key = silos.KeysOn(second, "woken").First();
        await first.Client.GetGrain<IWoken>(key).RegisterDaily(TimeSpan.FromMinutes(20));
        DateTimeOffset registered = clock.Now;
        await clock.MoveUntilAsync(() => clock.Now >= registered + TimeSpan.FromMinutes(15));
        (table.IsAway, clock.Members.Before) = (true, _ => throw new MembershipTableException("The table is away."));
        clock.Pace = ClusterClock.SlowPace; // The silo is to be dead before the tick falls due.
        await clock.MoveUntilAsync(() => !first.ClusterState!.HasDatabase);
        await silos.Cluster.KillSiloAsync(second);
        clock.Pace = ClusterClock.FastPace;
        await clock.MoveUntilAsync(() => clock.Now >= registered + TimeSpan.FromMinutes(30));
        Assert.DoesNotContain(silos.Gates.Words, word => word.StartsWith("woken", StringComparison.Ordinal));
        (table.IsAway, clock.Members.Before) = (false, null);
        clock.Pace = ClusterClock.SteadyPace; // There is one tick only, and half an hour for it.
        await clock.MoveUntilAsync(silos.Gates.NotedAsync($"woken {key} at {first.SiloAddress}"));
        Assert.InRange(clock.Now - registered, TimeSpan.FromMinutes(30), TimeSpan.FromHours(1));
        await clock.MoveUntilAsync(silos.Cluster.StopAllSilosAsync());
    }

    private static async Task<ManySilos> StartAsync(ClusterClock clock, UncertainTable reminders)
    {
        // The clock runs far faster than the machine here, so silence says little about a silo, and no answer little about a call.
        Task<ManySilos> starting = ManySilos.StartAsync(
            2,
            tcp: false,
            time: clock.Time,
            reminders: reminders,
            members: clock.Members,
            options: cluster =>
            {
                cluster.JoinTimeout = cluster.LeavePatience = TimeSpan.FromMinutes(10);
                cluster.Membership.HeartbeatInterval = TimeSpan.FromSeconds(5);
                cluster.Membership.EvictAfter = TimeSpan.FromMinutes(5);
                cluster.Membership.EvictUnreachableAfter = TimeSpan.FromMinutes(5);
            },
            runtime: limits => limits.ResponseTimeout = limits.ActivationTimeout = limits.DeactivationTimeout = limits.StopTimeout =
                TimeSpan.FromHours(1));
        clock.Pace = ClusterClock.SlowPace;
        await clock.MoveUntilAsync(() => starting.IsCompleted);
        ManySilos silos = await starting;
        clock.Pace = ClusterClock.FastPace;
        clock.IsBehind = () => silos.Silos.Any(silo => clock.Members.IsLate(silo.SiloAddress!)) || reminders.IsLate;
        return silos;
    }

    /// <summary>A table that can be away for those who read all of it.</summary>
    private sealed class UncertainTable(FakeTimeProvider time) : IReminderTable
    {
        private readonly MemoryReminderTable _table = new();
        private readonly Lock _gate = new();
        private DateTimeOffset? _refusedAt;
        private DateTimeOffset _readAt;
        private int _refusals;

        public volatile bool IsAway;

        public int Refusals => Volatile.Read(ref _refusals);

        /// <summary>When all of it was last asked for, if that was refused.</summary>
        public DateTimeOffset? RefusedAt
        {
            get
            {
                lock (_gate) return _refusedAt;
            }
        }

        /// <summary>When all of it was last read.</summary>
        public DateTimeOffset ReadAt
        {
            get
            {
                lock (_gate) return _readAt;
            }
        }

        /// <summary>Whether what was refused should have been tried again by now.</summary>
        public bool IsLate => time.GetUtcNow() - RefusedAt > ReminderService.RetryInterval + 2 * ClusterClock.Step;

        public Task<ReminderTableData> ReadRows(GrainId grainId) => _table.ReadRows(grainId);

        public Task<ReminderTableData> ReadRows(uint begin, uint end)
        {
            lock (_gate)
            {
                if (!IsAway)
                {
                    (_refusedAt, _readAt) = (null, time.GetUtcNow());
                    return _table.ReadRows(begin, end);
                }

                _refusedAt = time.GetUtcNow();
            }

            Interlocked.Increment(ref _refusals);
            throw new IOException("The table is away.");
        }

        public Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) => _table.ReadRow(grainId, reminderName);

        public Task<string?> UpsertRow(ReminderEntry entry) => _table.UpsertRow(entry);

        public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) => _table.RemoveRow(grainId, reminderName, eTag);

        public Task TestOnlyClearTable() => _table.TestOnlyClearTable();
    }
}
