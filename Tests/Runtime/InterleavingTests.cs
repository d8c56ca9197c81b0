using EsoCore.Runtime;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface ITurns : IGrainWithStringKey
{
    Task Hold(string name);

    [ReadOnly]
    Task Read(string name);

    [AlwaysInterleave]
    Task Peek(string name);
}

public class TurnsGrain(Probe probe) : Grain, ITurns
{
    private int _inside;

    public Task Hold(string name) => PassGate(name);

    public Task Read(string name) => PassGate(name);

    public Task Peek(string name) => PassGate(name);

    private async Task PassGate(string name)
    {
        Turn();
        probe.Note("begin " + name);
        await probe.Gate(name);
        Turn();
        probe.Note("end " + name);
    }

    /// <summary>Fails if two threads are in the grain at once.</summary>
    private void Turn()
    {
        Assert.Equal(1, Interlocked.Increment(ref _inside));
        Thread.SpinWait(100);
        Interlocked.Decrement(ref _inside);
    }
}

public interface IReentrantTurns : ITurns;

[Reentrant]
public sealed class ReentrantTurnsGrain(Probe probe) : TurnsGrain(probe), IReentrantTurns;

public sealed class InterleavingTests
{
    [Fact]
    public async Task A_request_runs_to_completion_before_the_next_begins()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITurns grain = Plain(cluster);
        Task first = grain.Hold("1"), second = grain.Hold("2");
        await SeenAsync(cluster, grain);
        Assert.DoesNotContain("begin 2", cluster.Probe.Notes);
        cluster.Probe.Open("2");
        cluster.Probe.Open("1");
        await Task.WhenAll(first, second);
        Assert.Equal(["begin 1", "end 1", "begin 2", "end 2"], cluster.Probe.Notes.Where(note => !note.Contains("peek")));
    }

    [Fact]
    public async Task Requests_of_a_reentrant_class_interleave_at_awaits()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITurns grain = cluster.Client.GetGrain<IReentrantTurns>("a");
        Task first = grain.Hold("1"), second = grain.Hold("2");
        await cluster.Probe.Noted("begin 2");
        cluster.Probe.Open("2");
        await second;
        cluster.Probe.Open("1");
        await first;
        Assert.Equal(["begin 1", "begin 2", "end 2", "end 1"], cluster.Probe.Notes);
    }

    [Fact]
    public async Task Turns_of_a_reentrant_class_never_overlap()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITurns grain = cluster.Client.GetGrain<IReentrantTurns>("a");
        Task[] all = [.. Enumerable.Range(0, 200).Select(i => grain.Hold((i % 10).ToString()))];
        for (int i = 0; i < 10; i++) cluster.Probe.Open(i.ToString());
        await Task.WhenAll(all);
    }

    [Fact]
    public async Task AlwaysInterleave_starts_during_a_request_and_lets_others_start()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITurns grain = Plain(cluster);
        Task hold = grain.Hold("1"), peek = grain.Peek("p");
        await cluster.Probe.Noted("begin p");
        cluster.Probe.Open("1");
        await hold;
        cluster.Probe.Open("2");
        await grain.Hold("2");
        cluster.Probe.Open("p");
        await peek;
        Assert.Equal(["begin 1", "begin p", "end 1", "begin 2", "end 2", "end p"], cluster.Probe.Notes);
    }

    [Fact]
    public async Task ReadOnly_requests_interleave_with_each_other_but_not_with_writers()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ITurns grain = Plain(cluster);
        Task read1 = grain.Read("r1"), read2 = grain.Read("r2");
        await cluster.Probe.Noted("begin r2");
        Task write = grain.Hold("w"), read3 = grain.Read("r3");
        await SeenAsync(cluster, grain);
        Assert.DoesNotContain("begin w", cluster.Probe.Notes);
        Assert.DoesNotContain("begin r3", cluster.Probe.Notes);
        foreach (string gate in new[] { "r1", "r2", "r3", "w" }) cluster.Probe.Open(gate);
        await Task.WhenAll(read1, read2, write, read3);
        Assert.Equal(["begin w", "end w", "begin r3", "end r3"], cluster.Probe.Notes.SkipWhile(note => note != "begin w"));
    }

    private static ITurns Plain(RuntimeCluster cluster) => cluster.Client.GetGrain<ITurns>("a", typeof(TurnsGrain).FullName);

    /// <summary>When this has returned, everything sent before it has been looked at.</summary>
    private static Task SeenAsync(RuntimeCluster cluster, ITurns grain)
    {
        cluster.Probe.Open("peek");
        return grain.Peek("peek");
    }
}
