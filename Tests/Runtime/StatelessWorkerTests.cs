using EsoCore.Runtime;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface IHelpers : IGrainWithStringKey
{
    Task<string> Help(string name);
}

[StatelessWorker(2)]
public sealed class HelpersGrain(Probe probe) : Grain, IHelpers
{
    private static int s_last;

    private readonly string _id = Interlocked.Increment(ref s_last).ToString();

    public async Task<string> Help(string name)
    {
        probe.Note("begin " + name);
        await probe.Gate(name);
        return _id;
    }
}

public sealed class StatelessWorkerTests
{
    [Fact]
    public async Task As_many_requests_as_there_may_be_workers_run_at_once()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IHelpers grain = cluster.Client.GetGrain<IHelpers>("a");
        Task<string> first = grain.Help("1"), second = grain.Help("2");
        await Task.WhenAll(cluster.Probe.Noted("begin 1"), cluster.Probe.Noted("begin 2"));
        Task<string> third = grain.Help("3");
        Assert.DoesNotContain("begin 3", cluster.Probe.Notes);
        foreach (string gate in new[] { "1", "2", "3" }) cluster.Probe.Open(gate);
        string[] workers = await Task.WhenAll(first, second, third);
        Assert.Equal(2, workers.Distinct().Count());
    }

    [Fact]
    public async Task Idle_workers_are_collected()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IHelpers grain = cluster.Client.GetGrain<IHelpers>("a");
        cluster.Probe.Open("1");
        string before = await grain.Help("1");
        cluster.Time.Advance(TimeSpan.FromMinutes(20));
        await RuntimeCluster.UntilAsync(() => cluster.Activations == 0);
        Assert.NotEqual(before, await grain.Help("1"));
    }
}
