using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.TestingHost;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class ClusterReminderTests
{
    private const int YieldsPerStep = 200;
    private static readonly TimeSpan s_step = TimeSpan.FromSeconds(1);

    /// <summary>The least real time between two steps: a thread that gets no processor for a while misses seconds, not hours.</summary>
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(1);

    /// <summary>The same while silos join, which may take no more than ten minutes by their clock.</summary>
    private static readonly TimeSpan s_joinPace = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task Reminders_fire_where_their_grains_are_and_go_with_them()
    {
        var time = new FakeTimeProvider();
        await using ManySilos silos = await StartAsync(time);
        InProcessSiloHandle first = silos.Silos[0], second = silos.Silos[1];
        string key = silos.KeysOn(second, "woken").First();
        await first.Client.GetGrain<IWoken>(key).Register();
        await MoveUntilAsync(time, silos.Gates.NotedAsync($"woken {key} at {second.SiloAddress}"));
        await MoveUntilAsync(time, silos.Cluster.StopSiloAsync(second));
        await MoveUntilAsync(time, silos.Gates.NotedAsync($"woken {key} at {first.SiloAddress}"));
        await first.Client.GetGrain<IWoken>(key).Unregister();
        int woken = silos.Gates.Words.Length;
        for (int i = 0; i < 90; i++) time.Advance(s_step);
        Assert.Equal(woken, silos.Gates.Words.Length);
        await MoveUntilAsync(time, silos.Cluster.StopAllSilosAsync());
    }

    [Fact]
    public async Task Reminders_that_could_not_be_taken_over_at_once_are_soon()
    {
        var time = new FakeTimeProvider();
        var table = new UncertainTable();
        await using ManySilos silos = await StartAsync(time, table);
        InProcessSiloHandle first = silos.Silos[0], second = silos.Silos[1];
        string key = silos.KeysOn(second, "woken").First();
        await first.Client.GetGrain<IWoken>(key).Register();
        await MoveUntilAsync(time, silos.Gates.NotedAsync($"woken {key} at {second.SiloAddress}"));
        SiloAddress gone = second.SiloAddress!;
        table.IsAway = true;
        await MoveUntilAsync(time, silos.Cluster.StopSiloAsync(second));
        await MoveUntilAsync(time, () => first.ClusterState!.View.Find(gone) is not { IsLive: true } && table.Refusals > 0);

        // Whatever the change of members set going has been refused by now.
        DateTimeOffset settled = time.GetUtcNow() + TimeSpan.FromSeconds(20);
        await MoveUntilAsync(time, () => time.GetUtcNow() >= settled);
        table.IsAway = false;
        DateTimeOffset back = time.GetUtcNow();
        await MoveUntilAsync(time, silos.Gates.NotedAsync($"woken {key} at {first.SiloAddress}"));
        Assert.InRange(time.GetUtcNow() - back, TimeSpan.Zero, TimeSpan.FromMinutes(2));
        await MoveUntilAsync(time, silos.Cluster.StopAllSilosAsync());
    }

    [Fact]
    public async Task A_tick_that_fell_due_while_the_database_was_away_and_its_silo_dead_comes_when_another_has_the_grain()
    {
        var time = new FakeTimeProvider();
        var table = new UncertainTable();
        await using ManySilos silos = await StartAsync(time, table);
        InProcessSiloHandle first = silos.Silos[0], second = silos.Silos[1];
        string key = silos.KeysOn(second, "woken").First();
        var members = (MemoryMembershipTable)silos.Cluster.Table;
        await first.Client.GetGrain<IWoken>(key).RegisterDaily(TimeSpan.FromMinutes(20));
        DateTimeOffset registered = time.GetUtcNow();
        await MoveUntilAsync(time, () => time.GetUtcNow() >= registered + TimeSpan.FromMinutes(15));
        (table.IsAway, members.Before) = (true, _ => throw new MembershipTableException("The table is away."));
        await MoveUntilAsync(time, () => !first.ClusterState!.HasDatabase);
        await silos.Cluster.KillSiloAsync(second);
        await MoveUntilAsync(time, () => time.GetUtcNow() >= registered + TimeSpan.FromMinutes(30));
        Assert.DoesNotContain(silos.Gates.Words, word => word.StartsWith("woken", StringComparison.Ordinal));
        (table.IsAway, members.Before) = (false, null);
        await MoveUntilAsync(time, silos.Gates.NotedAsync($"woken {key} at {first.SiloAddress}"));
        Assert.InRange(time.GetUtcNow() - registered, TimeSpan.FromMinutes(30), TimeSpan.FromHours(1));
        await MoveUntilAsync(time, silos.Cluster.StopAllSilosAsync());
    }

    private static async Task<ManySilos> StartAsync(FakeTimeProvider time, IReminderTable? reminders = null)
    {
        // The clock runs far faster than the machine here, so silence says nothing about a silo.
        Task<ManySilos> starting = ManySilos.StartAsync(2, tcp: false, time: time, reminders: reminders, options: cluster =>
        {
            cluster.JoinTimeout = TimeSpan.FromMinutes(10);
            cluster.Membership.HeartbeatInterval = TimeSpan.FromSeconds(5);
            cluster.Membership.EvictAfter = TimeSpan.FromMinutes(5);
            cluster.Membership.EvictUnreachableAfter = TimeSpan.FromMinutes(5);
        });
        await MoveUntilAsync(time, () => starting.IsCompleted, s_joinPace);
        return await starting;
    }

    /// <summary>Moves the clock in small steps, letting others do what is due, until something has happened.</summary>
    private static async Task MoveUntilAsync(FakeTimeProvider time, Task happened)
    {
        await MoveUntilAsync(time, () => happened.IsCompleted);
        await happened;
    }

    private static Task MoveUntilAsync(FakeTimeProvider time, Func<bool> holds, TimeSpan? pace = null)
    {
        int yields = 0;
        long stepped = TimeProvider.System.GetTimestamp();
        return RuntimeCluster.UntilAsync(() =>
        {
            if (holds()) return true;
            if (++yields < YieldsPerStep || TimeProvider.System.GetElapsedTime(stepped) < (pace ?? s_pace)) return false;
            (yields, stepped) = (0, TimeProvider.System.GetTimestamp());
            time.Advance(s_step);
            return false;
        });
    }

    /// <summary>A table that can be away for those who read all of it.</summary>
    private sealed class UncertainTable : IReminderTable
    {
        private readonly MemoryReminderTable _table = new();
        private int _refusals;

        public volatile bool IsAway;

        public int Refusals => Volatile.Read(ref _refusals);

        public Task<ReminderTableData> ReadRows(GrainId grainId) => _table.ReadRows(grainId);

        public Task<ReminderTableData> ReadRows(uint begin, uint end)
        {
            if (!IsAway) return _table.ReadRows(begin, end);
            Interlocked.Increment(ref _refusals);
            throw new IOException("The table is away.");
        }

        public Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) => _table.ReadRow(grainId, reminderName);

        public Task<string?> UpsertRow(ReminderEntry entry) => _table.UpsertRow(entry);

        public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) => _table.RemoveRow(grainId, reminderName, eTag);

        public Task TestOnlyClearTable() => _table.TestOnlyClearTable();
    }
}
