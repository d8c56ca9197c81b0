using EsoCore.Runtime;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface ICancellable : IGrainWithStringKey
{
    Task<int> Wait(string name, CancellationToken cancellationToken);

    Task<bool> CanBeCanceled(CancellationToken cancellationToken = default);

    Task WaitElsewhere(string key, CancellationToken cancellationToken);
}

public sealed class CancellableGrain(Probe probe) : Grain, ICancellable
{
    public async Task<int> Wait(string name, CancellationToken cancellationToken)
    {
        probe.Note("begin " + name);
        TaskScheduler turns = TaskScheduler.Current;
        var cancelled = new TaskCompletionSource();
        await using CancellationTokenRegistration registration = cancellationToken.Register(() =>
        {
            probe.Note($"cancelled {name} {ReferenceEquals(turns, TaskScheduler.Current)}");
            cancelled.SetCanceled(cancellationToken);
        });
        await await Task.WhenAny(probe.Gate(name), cancelled.Task);
        return 1;
    }

    public Task<bool> CanBeCanceled(CancellationToken cancellationToken) => Task.FromResult(cancellationToken.CanBeCanceled);

    public Task WaitElsewhere(string key, CancellationToken cancellationToken) =>
        GrainFactory.GetGrain<ICancellable>(key).Wait(key, cancellationToken);
}

public sealed class CancellationTests
{
    [Fact]
    public async Task Cancelling_ends_the_call_and_cancels_the_methods_token_in_a_turn_of_the_grain()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        using var source = new CancellationTokenSource();
        Task<int> call = Get(cluster, "a").Wait("1", source.Token);
        await cluster.Probe.Noted("begin 1");
        await source.CancelAsync();
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(source.Token, cancelled.CancellationToken);
        await cluster.Probe.Noted("cancelled 1 True");
    }

    [Fact]
    public async Task Cancelling_reaches_through_a_chain_of_grains()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        using var source = new CancellationTokenSource();
        Task call = Get(cluster, "a").WaitElsewhere("b", source.Token);
        await cluster.Probe.Noted("begin b");
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cluster.Probe.Noted("cancelled b True");
    }

    [Fact]
    public async Task A_request_cancelled_while_it_waits_is_not_run()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        using var source = new CancellationTokenSource();
        Task<int> first = Get(cluster, "a").Wait("1", CancellationToken.None), second = Get(cluster, "a").Wait("2", source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        cluster.Probe.Open("1");
        await first;
        cluster.Probe.Open("3");
        await Get(cluster, "a").Wait("3", CancellationToken.None);
        Assert.DoesNotContain("begin 2", cluster.Probe.Notes);
    }

    [Fact]
    public async Task A_token_cancelled_beforehand_fails_the_call()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Get(cluster, "a").Wait("1", new CancellationToken(true)));
        Assert.Empty(cluster.Probe.Notes);
    }

    [Fact]
    public async Task The_response_timeout_cancels_the_methods_token_even_if_the_caller_gave_none()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        Assert.True(await Get(cluster, "a").CanBeCanceled());
        Task<int> call = Get(cluster, "a").Wait("1", CancellationToken.None);
        await cluster.Probe.Noted("begin 1");
        cluster.Time.Advance(TimeSpan.FromSeconds(31));
        await Assert.ThrowsAsync<TimeoutException>(() => call);
        await cluster.Probe.Noted("cancelled 1 True");
    }

    private static ICancellable Get(RuntimeCluster cluster, string key) => cluster.Client.GetGrain<ICancellable>(key);
}
