using EsoCore.Runtime;
using EsoCore.Runtime.Engine;
using EsoCore.Runtime.Hosting;
using EsoCore.Runtime.TestingHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface IStopping : IGrainWithStringKey
{
    Task<string> Hold(string gate);

    Task<string> CallOther(string key, string gate);
}

public sealed class StoppingGrain(Probe probe) : Grain, IStopping
{
    public async Task<string> Hold(string gate)
    {
        probe.Note("begin " + gate);
        await probe.Gate(gate);
        return gate;
    }

    public async Task<string> CallOther(string key, string gate)
    {
        await Hold(gate);
        return await GrainFactory.GetGrain<IStopping>(key).Hold(gate);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        probe.Note($"{this.GetPrimaryKeyString()} {reason.ReasonCode}");
    }
}

public sealed class StopTests
{
    [Fact]
    public async Task Stopping_deactivates_all_grains()
    {
        RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        cluster.Probe.Open("1");
        for (int i = 0; i < 100; i++) await cluster.Client.GetGrain<IStopping>($"g{i}").Hold("1");
        await cluster.StopAsync();
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"g{i} ShuttingDown").Order(),
            cluster.Probe.Notes.Where(note => note.StartsWith('g')).Order());
    }

    [Fact]
    public async Task Stopping_lets_running_and_waiting_requests_finish_and_takes_no_new_ones()
    {
        RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IStopping grain = cluster.Client.GetGrain<IStopping>("a");
        Task<string> running = grain.CallOther("b", "1"), waiting = grain.Hold("2");
        await cluster.Probe.Noted("begin 1");
        GrainRuntime runtime = cluster.Services.GetRequiredService<GrainRuntime>();
        Task stopped = cluster.StopAsync();
        await RuntimeCluster.UntilAsync(() => runtime.IsStopping);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => grain.Hold("1"));
        Assert.False(stopped.IsCompleted);
        cluster.Probe.Open("1");
        cluster.Probe.Open("2");
        Assert.Equal("1", await running);
        Assert.Equal("2", await waiting);
        await stopped;
        Assert.Contains("a ShuttingDown", cluster.Probe.Notes);
        Assert.Contains("b ShuttingDown", cluster.Probe.Notes);
    }

    [Fact]
    public async Task Stopping_does_not_wait_longer_than_its_bound()
    {
        RuntimeCluster cluster = await RuntimeCluster.StartAsync(options => options.StopTimeout = TimeSpan.FromSeconds(5));
        Task<string> stuck = cluster.Client.GetGrain<IStopping>("a").Hold("never");
        await cluster.Probe.Noted("begin never");
        Task stopped = cluster.StopAsync();
        await RuntimeCluster.UntilAsync(() =>
        {
            cluster.Time.Advance(TimeSpan.FromSeconds(1));
            return stopped.IsCompleted;
        });

        await stopped;
        var abandoned = await Assert.ThrowsAnyAsync<Exception>(() => stuck);
        Assert.Contains("stopping/a.Hold", abandoned.Message);
    }

    [Fact]
    public async Task Options_out_of_bounds_fail_the_start_and_are_all_named()
    {
        InProcessTestCluster cluster = new InProcessTestClusterBuilder().ConfigureSilo((_, silo) => silo.Configure(options =>
        {
            options.MailboxLimit = 0;
            options.CollectionAge = TimeSpan.FromSeconds(1);
        })).Build();
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(cluster.DeployAsync);
        Assert.Contains("RuntimeOptions.MailboxLimit is 0; it must be between 1 and 1000000", failure.Message);
        Assert.Contains("RuntimeOptions.CollectionAge is 00:00:01", failure.Message);
    }
}
