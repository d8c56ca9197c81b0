using EsoCore.Runtime;
using EsoCore.Runtime.Engine;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface IReminded : IGrainWithStringKey
{
    Task Register(string name, TimeSpan due, TimeSpan period);

    Task Unregister(string name);

    Task<string[]> Names();

    Task<bool> Has(string name);
}

public sealed class RemindedGrain(Probe probe) : Grain, IReminded, IRemindable
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<Probe, int> s_ticks = new();

    public Task Register(string name, TimeSpan due, TimeSpan period) => this.RegisterOrUpdateReminder(name, due, period);

    public async Task Unregister(string name) => await this.UnregisterReminder((await this.GetReminder(name))!);

    public async Task<string[]> Names() => [.. (await this.GetReminders()).Select(reminder => reminder.ReminderName).Order()];

    public async Task<bool> Has(string name) => await this.GetReminder(name) is not null;

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        int tick = s_ticks.AddOrUpdate(probe, 1, static (_, before) => before + 1);
        probe.Note($"{tick} {this.GetPrimaryKeyString()} {reminderName} {status.CurrentTickTime:HH:mm:ss}");
        if (probe.Gate("fail").IsCompleted) throw new InvalidOperationException("reminder failed");
        return Task.CompletedTask;
    }
}

public sealed class ReminderTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_reminder_fires_when_due_and_every_period_and_wakes_its_grain()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IReminded grain = cluster.Client.GetGrain<IReminded>("a");
        await grain.Register("r", 5 * s_minute, 30 * s_minute);
        cluster.Time.Advance(5 * s_minute);
        await cluster.Probe.Noted("1 a r 12:05:00");
        await cluster.IdleAsync(grain);
        cluster.Time.Advance(20 * s_minute);
        await RuntimeCluster.UntilAsync(() => cluster.Activations == 0);
        cluster.Time.Advance(10 * s_minute);
        await cluster.Probe.Noted("2 a r 12:35:00");
        Assert.Equal(2, cluster.Probe.Notes.Length);
    }

    [Fact]
    public async Task A_first_tick_missed_during_a_restart_is_made_up_for()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        await cluster.Client.GetGrain<IReminded>("a").Register("r", 5 * s_minute, 60 * s_minute);
        await cluster.StopAsync();
        cluster.Time.Advance(10 * s_minute);
        await cluster.RestartAsync();
        cluster.Time.Advance(ReminderService.CatchUpSpread);
        await cluster.Probe.Noted("1 a r 12:10:10");
        cluster.Time.Advance(55 * s_minute);
        await cluster.Probe.Noted("2 a r 13:05:00");
    }

    [Fact]
    public async Task Later_ticks_missed_during_a_restart_are_left_out_and_the_next_keeps_to_the_grid()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        await cluster.Client.GetGrain<IReminded>("a").Register("r", 5 * s_minute, 60 * s_minute);
        await cluster.StopAsync();
        cluster.Time.Advance(150 * s_minute);
        await cluster.RestartAsync();
        cluster.Time.Advance(ReminderService.CatchUpSpread);
        cluster.Time.Advance(35 * s_minute - ReminderService.CatchUpSpread);
        await cluster.Probe.Noted("1 a r 15:05:00");
        Assert.Single(cluster.Probe.Notes);
    }

    [Fact]
    public async Task Reminders_changed_often_do_not_fill_the_queue()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ReminderService service = cluster.Services.GetRequiredService<GrainRuntime>().Reminders!;
        GrainId grain = cluster.Client.GetGrain<IReminded>("a").GetGrainId();
        for (int i = 0; i < 5_000; i++) await service.RegisterOrUpdateAsync(grain, "r", TimeSpan.FromDays(1), TimeSpan.FromDays(1));
        Assert.InRange(service.QueueLength, 1, 1_002);
    }

    [Fact]
    public async Task A_reminder_not_yet_due_fires_on_time_after_a_restart()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        await cluster.Client.GetGrain<IReminded>("a").Register("r", 5 * s_minute, 60 * s_minute);
        cluster.Time.Advance(s_minute);
        await cluster.RestartAsync();
        cluster.Time.Advance(4 * s_minute);
        await cluster.Probe.Noted("1 a r 12:05:00");
        Assert.Single(cluster.Probe.Notes);
    }

    [Fact]
    public async Task Registering_again_changes_the_reminder()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IReminded grain = cluster.Client.GetGrain<IReminded>("a");
        await grain.Register("r", s_minute, s_minute);
        await grain.Register("r", 3 * s_minute, 10 * s_minute);
        Assert.Equal(["r"], await grain.Names());
        cluster.Time.Advance(3 * s_minute);
        await cluster.Probe.Noted("1 a r 12:03:00");
        cluster.Time.Advance(9 * s_minute);
        Assert.Single(cluster.Probe.Notes);
    }

    [Fact]
    public async Task An_unregistered_reminder_is_gone_for_good()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IReminded grain = cluster.Client.GetGrain<IReminded>("a");
        await grain.Register("x", s_minute, s_minute);
        await grain.Register("y", 2 * s_minute, s_minute);
        await grain.Unregister("x");
        Assert.Equal(["y"], await grain.Names());
        Assert.False(await grain.Has("x"));
        await cluster.RestartAsync();
        cluster.Time.Advance(2 * s_minute);
        await cluster.Probe.Noted("1 a y 12:02:00");
    }

    [Fact]
    public async Task A_reminder_that_fails_fires_again_at_its_next_time()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        cluster.Probe.Open("fail");
        await cluster.Client.GetGrain<IReminded>("a").Register("r", s_minute, s_minute);
        cluster.Time.Advance(s_minute);
        await cluster.Probe.Noted("1 a r 12:01:00");
        cluster.Time.Advance(s_minute);
        await cluster.Probe.Noted("2 a r 12:02:00");
    }

    [Fact]
    public async Task A_period_under_a_minute_is_refused()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IReminded grain = cluster.Client.GetGrain<IReminded>("a");
        await Assert.ThrowsAsync<ArgumentException>(() => grain.Register("r", s_minute, TimeSpan.FromSeconds(59)));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => grain.Register("r", -s_minute, s_minute));
    }

    [Fact]
    public async Task A_range_of_rows_wraps_around()
    {
        var table = new MemoryReminderTable();
        uint hash = GrainId.Create("t", "k").GetUniformHashCode();
        await table.UpsertRow(new ReminderEntry { GrainId = GrainId.Create("t", "k"), ReminderName = "r", Period = s_minute });
        Assert.Single((await table.ReadRows(0, 0)).Reminders);
        Assert.Single((await table.ReadRows(hash - 1, hash)).Reminders);
        Assert.Empty((await table.ReadRows(hash, hash + 1)).Reminders);
        Assert.Single((await table.ReadRows(hash + 1, hash)).Reminders);
    }
}
