using System.Diagnostics.Metrics;
using EsoCore.Runtime;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface IChained : IGrainWithStringKey
{
    /// <summary>Calls the grain with the first key with the rest of the keys; with none, waits at the gate "end".</summary>
    Task Pass(string[] keys);

    [ResponseTimeout("00:00:02")]
    Task Hurry();

    [AlwaysInterleave]
    Task<string> Back();

    Task<string> AskBack(string key);

    Task ForgetAndFinish(string key);

    [OneWay]
    Task Tell(string note);

    [OneWay]
    Task TellAround(string key);

    Task Block(string gate);
}

[GrainType("chained")]
public sealed class ChainedGrain(Probe probe) : Grain, IChained
{
    public async Task Pass(string[] keys)
    {
        probe.Note("at " + this.GetPrimaryKeyString());
        if (keys.Length == 0) await probe.Gate("end");
        else await GrainFactory.GetGrain<IChained>(keys[0]).Pass(keys[1..]);
    }

    public Task Hurry() => probe.Gate("end");

    public Task<string> Back() => Task.FromResult("back");

    public Task<string> AskBack(string key) =>
        key.Length > 1 ? GrainFactory.GetGrain<IChained>(key[..1]).AskBack(key[1..]) : GrainFactory.GetGrain<IChained>(key).Back();

    public async Task ForgetAndFinish(string key)
    {
        // Not awaited: the one told calls back, and gets through when this request has ended.
        _ = GrainFactory.GetGrain<IChained>(key).TellAround(this.GetPrimaryKeyString());
        await probe.Gate("told");
    }

    public async Task Tell(string note)
    {
        await probe.Gate("tell");
        probe.Note(note);
        throw new InvalidOperationException("nobody hears of it");
    }

    public async Task TellAround(string key)
    {
        probe.Open("told");
        await GrainFactory.GetGrain<IChained>(key).Pass([]);
        probe.Note("told around");
    }

    public Task Block(string gate)
    {
        probe.Note("blocking");
        probe.Gate(gate).Wait();
        return Task.CompletedTask;
    }
}

public sealed class TimeoutTests
{
    private static readonly TimeSpan s_past = TimeSpan.FromSeconds(31);

    [Fact]
    public async Task A_timeout_names_the_chain_of_calls()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        Task call = Get(cluster, "a").Pass(["b", "c"]);
        await cluster.Probe.Noted("at c");
        cluster.Time.Advance(s_past);
        var timeout = await Assert.ThrowsAsync<TimeoutException>(() => call);
        Assert.Contains("chained/a.Pass -> chained/b.Pass -> chained/c.Pass", timeout.Message);
        cluster.Probe.Open("end");
    }

    [Theory]
    [InlineData("a", "chained/a.Pass -> chained/a.Pass")]
    [InlineData("b,a", "chained/a.Pass -> chained/b.Pass -> chained/a.Pass")]
    [InlineData("b,c,b", "chained/a.Pass -> chained/b.Pass -> chained/c.Pass -> chained/b.Pass")]
    public async Task A_circle_fails_at_once_and_names_the_chain(string keys, string chain)
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        var timeout = await Assert.ThrowsAsync<TimeoutException>(() => Get(cluster, "a").Pass(keys.Split(',')));
        Assert.Contains(chain, timeout.Message);
    }

    [Fact]
    public async Task A_circle_through_an_interleaving_method_is_none()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        Assert.Equal("back", await Get(cluster, "a").AskBack("ba"));
    }

    [Fact]
    public async Task A_call_back_from_a_one_way_call_is_no_circle()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        cluster.Probe.Open("end");
        await Get(cluster, "a").ForgetAndFinish("b");
        await cluster.Probe.Noted("told around");
    }

    [Fact]
    public async Task A_method_can_have_its_own_timeout()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        Task call = Get(cluster, "a").Hurry();
        await Get(cluster, "a").Back();
        cluster.Time.Advance(TimeSpan.FromSeconds(3));
        Assert.Contains("00:00:02", (await Assert.ThrowsAsync<TimeoutException>(() => call)).Message);
        cluster.Probe.Open("end");
    }

    [Fact]
    public async Task Requests_waiting_behind_a_stuck_one_time_out_and_are_not_run_later()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        Task stuck = Get(cluster, "a").Pass([]);
        Task behind = Get(cluster, "a").Pass(["b"]);
        await Get(cluster, "a").Back();
        cluster.Time.Advance(s_past);
        await Assert.ThrowsAsync<TimeoutException>(() => stuck);
        await Assert.ThrowsAsync<TimeoutException>(() => behind);
        cluster.Probe.Open("end");
        await Get(cluster, "a").Pass([]);
        Assert.DoesNotContain("at b", cluster.Probe.Notes);
    }

    [Fact]
    public async Task Calls_of_a_grain_that_blocks_its_thread_time_out_too()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        Task blocked = Get(cluster, "a").Block("latch");
        await cluster.Probe.Noted("blocking");
        Task behind = Get(cluster, "a").Pass([]);
        cluster.Time.Advance(s_past);
        await Assert.ThrowsAsync<TimeoutException>(() => blocked);
        await Assert.ThrowsAsync<TimeoutException>(() => behind);
        cluster.Probe.Open("latch");
        cluster.Probe.Open("end");
        await Get(cluster, "a").Pass([]);
    }

    [Fact]
    public async Task A_one_way_call_returns_at_once_and_hides_its_failure()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        Task tell = Get(cluster, "a").Tell("told");
        Assert.True(tell.IsCompletedSuccessfully);
        cluster.Probe.Open("tell");
        await cluster.Probe.Noted("told");
    }

    [Fact]
    public async Task Timeouts_are_counted()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        long counted = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument is { Meter.Name: "EsoCore.Runtime", Name: "esocore.runtime.timeouts" }) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref counted, value));
        listener.Start();
        Task call = Get(cluster, "a").Pass([]);
        await cluster.Probe.Noted("at a");
        cluster.Time.Advance(s_past);
        await Assert.ThrowsAsync<TimeoutException>(() => call);
        Assert.True(Interlocked.Read(ref counted) >= 1);
        cluster.Probe.Open("end");
    }

    private static IChained Get(RuntimeCluster cluster, string key) => cluster.Client.GetGrain<IChained>(key);
}
