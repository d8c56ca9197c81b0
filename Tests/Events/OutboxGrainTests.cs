using System.Runtime.CompilerServices;
using EsoCore.Assets;
using EsoCore.Events;
using EsoCore.Grains.Events;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Events;

public sealed class OutboxGrainTests : IAsyncLifetime
{
    private static readonly Guid Project = Guid.NewGuid();

    private GrainCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await GrainCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    private IOutboxGrain Shard => _cluster.Client.GetGrain<IOutboxGrain>("3");

    [Fact]
    public async Task Start_Twice_SetsOneReminder()
    {
        await Shard.Start();
        await Shard.Start();
        Assert.Equal(OutboxGrain.WakePeriod, Assert.Single(await _cluster.Reminders(Shard)).Period);
    }

    [Fact]
    public async Task Start_ShardThatIsNone_Throws() =>
        await Assert.ThrowsAnyAsync<Exception>(() => _cluster.Client.GetGrain<IOutboxGrain>("16").Start());

    [Fact]
    public async Task WhatNobodyPublished_IsDeliveredOnceItIsOldEnough()
    {
        await Shard.Start();
        var source = Source("A1");
        _cluster.Stores.AddToOutbox(3, source.Next(new CycleOpened(null)), source.Next(new CycleClosed(null, 100, null)));
        await Tick();
        Assert.Equal(2, _cluster.Stores.Unconfirmed.Length);
        await UntilAllConfirmed();
        Assert.Equal(1, (await Asset("A1").Get())!.Cycles.Closed);
    }

    [Fact]
    public async Task MoreThanOnePortion_OfOneReceiver_ArrivesInOrder()
    {
        await Shard.Start();
        var source = Source("A1");
        for (var i = 0; i < OutboxGrain.PerReceiver * 2 + 7; i++)
            _cluster.Stores.AddToOutbox(3, source.Next(new CycleOpened(null)));
        await UntilAllConfirmed();
        Assert.Equal(OutboxGrain.PerReceiver * 2 + 7, (await Asset("A1").Get())!.Cycles.Opened);
    }

    [Fact]
    public async Task ReceiverThatCannotBeReached_HoldsUpNobodyElse()
    {
        await Shard.Start();
        _cluster.Stores.AddToOutbox(3, new OutboxEntry("no-such-stream", "x", Source("x").Next(new LeftSite()).Transition));
        _cluster.Stores.AddToOutbox(3, new OutboxEntry(TransitionStreams.Assets, "a bad key", Source("x").Next(new LeftSite()).Transition));
        _cluster.Stores.AddToOutbox(3, Source("A1").Next(new CycleOpened(null)));
        await Until(() => _cluster.Stores.Unconfirmed.Length == 2);
        Assert.Equal(1, (await Asset("A1").Get())!.Cycles.Opened);
    }

    [Fact]
    public async Task StorageAway_IsTriedAgain()
    {
        await Shard.Start();
        _cluster.Stores.AddToOutbox(3, Source("A1").Next(new CycleOpened(null)));
        _cluster.Stores.Fault = _ => new EsoCore.History.StorageUnavailableException("away");
        for (var i = 0; i < 5; i++)
            await Tick();
        _cluster.Stores.Fault = null;
        await UntilAllConfirmed();
    }

    [Fact]
    public async Task AfterARestart_TheReminderStartsTheShardAgain()
    {
        await Shard.Start();
        await _cluster.RestartAsync();
        _cluster.Stores.AddToOutbox(3, Source("A1").Next(new CycleOpened(null)));
        var reads = _cluster.Stores.Calls("ReadOldest");
        _cluster.Time.Advance(OutboxGrain.WakePeriod);
        await Until(() => _cluster.Stores.Calls("ReadOldest") > reads);
        await UntilAllConfirmed();
    }

    private static TransitionSource Source(string asset) => new(TransitionStreams.Assets, ProjectKey.Of(Project, asset));

    private IAssetGrain Asset(string code) => _cluster.Client.GetGrain<IAssetGrain>(ProjectKey.Of(Project, code));

    private Task UntilAllConfirmed() => Until(() => _cluster.Stores.Unconfirmed.IsEmpty);

    /// <summary>Lets the clock run, a period at a time, until a condition holds.</summary>
    private Task Until(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string description = "") =>
        Turns.Until(condition, Tick, description);

    /// <summary>Advances by one period and lets what that started run on.</summary>
    private async Task Tick()
    {
        _cluster.Time.Advance(OutboxGrain.Period);
        await Turns.Pass(100);
    }
}
