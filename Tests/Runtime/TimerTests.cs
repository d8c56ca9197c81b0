using EsoCore.Runtime;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface ITicking : IGrainWithStringKey
{
    Task Start(TimeSpan due, TimeSpan period, bool interleave, bool keepAlive);

    Task Change(TimeSpan due, TimeSpan period);

    Task Stop();

    Task<int> Count();

    Task Hold(string gate);

    [AlwaysInterleave]
    Task<int> PeekCount();
}

[CollectionAgeLimit(Minutes = 2)]
public sealed class TickingGrain(Probe probe) : Grain, ITicking
{
    private IGrainTimer? _timer;
    private int _count;
    private bool _inside;

    public Task Start(TimeSpan due, TimeSpan period, bool interleave, bool keepAlive)
    {
        _timer = this.RegisterGrainTimer(TickAsync, "state",
            new GrainTimerCreationOptions(due, period) { Interleave = interleave, KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public Task Change(TimeSpan due, TimeSpan period)
    {
        _timer!.Change(due, period);
        return Task.CompletedTask;
    }

    public Task Stop()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public Task<int> Count() => Task.FromResult(_count);

    public Task<int> PeekCount() => Task.FromResult(_count);

    public async Task Hold(string gate)
    {
        _inside = true;
        probe.Note("holding");
        await probe.Gate(gate);
        _inside = false;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Note("deactivated");
        return Task.CompletedTask;
    }

    private async Task TickAsync(string state, CancellationToken cancellationToken)
    {
        Assert.Equal("state", state);
        _count++;
        probe.Note($"tick {_count}{(_inside ? " inside" : "")}");
        if (probe.Gate("slow").IsCompleted) await probe.Gate("tick");
        if (probe.Gate("fail").IsCompleted) throw new InvalidOperationException("tick failed");
    }
}

public sealed class TimerTests
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_timer_fires_at_its_due_time_and_then_every_period()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITicking grain = cluster.Client.GetGrain<ITicking>("a");
        await grain.Start(s_second, 2 * s_second, false, false);
        Assert.Equal(0, await grain.Count());
        await AdvanceAsync(cluster, s_second);
        Assert.Equal(1, await grain.Count());
        await AdvanceAsync(cluster, s_second);
        Assert.Equal(1, await grain.Count());
        await AdvanceAsync(cluster, s_second);
        Assert.Equal(2, await grain.Count());
    }

    [Fact]
    public async Task A_timer_with_an_infinite_period_fires_once()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITicking grain = cluster.Client.GetGrain<ITicking>("a");
        await grain.Start(s_second, Timeout.InfiniteTimeSpan, false, false);
        await AdvanceAsync(cluster, s_second);
        await AdvanceAsync(cluster, 10 * s_second);
        Assert.Equal(1, await grain.Count());
    }

    [Fact]
    public async Task Change_and_Dispose_take_effect()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITicking grain = cluster.Client.GetGrain<ITicking>("a");
        await grain.Start(s_second, s_second, false, false);
        await grain.Change(5 * s_second, s_second);
        await AdvanceAsync(cluster, 4 * s_second);
        Assert.Equal(0, await grain.Count());
        await AdvanceAsync(cluster, s_second);
        Assert.Equal(1, await grain.Count());
        await grain.Stop();
        await AdvanceAsync(cluster, 10 * s_second);
        Assert.Equal(1, await grain.Count());
    }

    [Fact]
    public async Task A_callback_waits_for_the_running_request()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITicking grain = cluster.Client.GetGrain<ITicking>("a");
        await grain.Start(s_second, s_minute, false, false);
        Task hold = grain.Hold("h");
        await cluster.Probe.Noted("holding");
        cluster.Time.Advance(s_second);
        Assert.Equal(0, await grain.PeekCount());
        cluster.Probe.Open("h");
        await hold;
        await cluster.Probe.Noted("tick 1");
    }

    [Fact]
    public async Task An_interleaving_callback_does_not_wait()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITicking grain = cluster.Client.GetGrain<ITicking>("a");
        await grain.Start(s_second, s_minute, true, false);
        Task hold = grain.Hold("h");
        await cluster.Probe.Noted("holding");
        cluster.Time.Advance(s_second);
        await cluster.Probe.Noted("tick 1 inside");
        cluster.Probe.Open("h");
        await hold;
    }

    [Fact]
    public async Task The_period_begins_when_the_callback_has_ended()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        cluster.Probe.Open("slow");
        ITicking grain = cluster.Client.GetGrain<ITicking>("a");
        await grain.Start(s_second, s_second, false, false);
        cluster.Time.Advance(s_second);
        await cluster.Probe.Noted("tick 1");
        cluster.Time.Advance(10 * s_second);
        Assert.Equal(1, await grain.PeekCount());
        cluster.Probe.Open("tick");
        Assert.Equal(1, await grain.Count());
        await AdvanceAsync(cluster, s_second);
        Assert.Equal(2, await grain.Count());
    }

    [Fact]
    public async Task A_callback_that_throws_does_not_stop_the_timer()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        cluster.Probe.Open("fail");
        ITicking grain = cluster.Client.GetGrain<ITicking>("a");
        await grain.Start(s_second, s_second, false, false);
        await AdvanceAsync(cluster, s_second);
        Assert.Equal(1, await grain.Count());
        await AdvanceAsync(cluster, s_second);
        Assert.Equal(2, await grain.Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Only_a_timer_with_KeepAlive_keeps_its_grain(bool keepAlive)
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITicking grain = cluster.Client.GetGrain<ITicking>("a");
        await grain.Start(s_minute, s_minute, false, keepAlive);
        Task ended = cluster.Probe.Noted("deactivated");
        for (int i = 1; keepAlive ? i <= 6 : !ended.IsCompleted; i++)
        {
            cluster.Time.Advance(s_minute);
            await Task.WhenAny(ended, cluster.Probe.Noted($"tick {i}"));
            await cluster.IdleAsync(grain); // The next tick is set when the callback has ended.
        }

        Assert.Equal(!keepAlive, ended.IsCompleted);
        Assert.Equal(keepAlive ? 6 : 0, await grain.Count());
    }

    [Fact]
    public async Task Times_out_of_range_are_refused()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITicking grain = cluster.Client.GetGrain<ITicking>("a");
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => grain.Start(-s_second, s_second, false, false));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => grain.Start(s_second, TimeSpan.Zero, false, false));
    }

    /// <summary>Advances, and lets a tick that came due take its turn: a request sent now comes after it.</summary>
    private static async Task AdvanceAsync(RuntimeCluster cluster, TimeSpan by)
    {
        cluster.Time.Advance(by);
        await cluster.Client.GetGrain<ITicking>("a").Count();
    }
}
