using EsoCore.Feed;
using EsoCore.Grains.Feed;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Feed;

public sealed class FeedGrainTests : IAsyncLifetime
{
    private GrainCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await GrainCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    private IFeedGrain Feed { get; set; } = null!;

    [Fact]
    public async Task Read_FromThePlaceWhereItBegan_GivesWhatCameSince()
    {
        var start = await Begin();
        await Feed.Publish([Entry("a"), Entry("b")]);
        await Feed.Publish([Entry("b"), Entry("c")]);
        var first = await Feed.Read(start.Position, 2, TimeSpan.Zero, default);
        Assert.Equal(["a", "b"], first.Items.Select(i => i.Entry.Id));
        var second = await Feed.Read(first.Position, 10, TimeSpan.Zero, default);
        Assert.Equal(["c"], second.Items.Select(i => i.Entry.Id));
        var third = await Feed.Read(second.Position, 10, TimeSpan.Zero, default);
        Assert.True(third is { IsReset: false, Items.IsEmpty: true } && third.Position == second.Position);
        Assert.Equal(["a", "b", "c"], (await Feed.Read(start.Position, 10, TimeSpan.Zero, default)).Items.Select(i => i.Entry.Id));
    }

    [Fact]
    public async Task Read_WhenNothingIsThere_WaitsForIt()
    {
        var start = await Begin();
        var waiting = Feed.Read(start.Position, 10, FeedLimits.MaxWait, default);
        await Feed.IsRead();
        Assert.False(waiting.IsCompleted);
        await Feed.Publish([Entry("a")]);
        Assert.Equal("a", Assert.Single((await waiting).Items).Entry.Id);
    }

    [Fact]
    public async Task Read_WhenNothingComes_EndsWithItsTime()
    {
        var page = await Begin();
        _cluster.Time.Advance(FeedGrain.LearnedAfter);
        var waiting = Feed.Read(page.Position, 10, TimeSpan.FromSeconds(10), default);
        await Feed.IsRead(); // The call before it waits by now.
        _cluster.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await waiting.WaitAsync(Turns.Patience) is { IsReset: false, Items.IsEmpty: true });
    }

    [Fact]
    public async Task Read_Cancelled_Ends()
    {
        var start = await Begin();
        using var cancel = new CancellationTokenSource();
        var waiting = Feed.Read(start.Position, 10, FeedLimits.MaxWait, cancel.Token);
        await Feed.IsRead();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Read_OfTheFirstReader_TellsWhenPublishersHaveLearnedOfIt()
    {
        var start = await Begin();
        Assert.False(start.IsComplete);
        var waiting = Feed.Read(start.Position, 10, FeedLimits.MaxWait, default);
        await Feed.IsRead();
        _cluster.Time.Advance(FeedGrain.LearnedAfter);
        Assert.True(await waiting.WaitAsync(Turns.Patience) is { IsComplete: true, IsReset: false });
    }

    [Fact]
    public async Task Entries_BeyondThoseHeld_AreAReset()
    {
        var start = await Begin();
        for (var i = 0; i <= FeedLog.MaxHeld; i++)
            await Feed.Publish([Entry($"{i}")]);
        var page = await Feed.Read(start.Position, 10, TimeSpan.Zero, default);
        Assert.True(page is { IsReset: true, Items.IsEmpty: true });
        Assert.False((await Feed.Read(page.Position, 10, TimeSpan.Zero, default)).IsReset);
    }

    [Fact]
    public async Task Lost_WakesReadersWithAReset()
    {
        var start = await Begin();
        var waiting = Feed.Read(start.Position, 10, FeedLimits.MaxWait, default);
        await Feed.Lost();
        Assert.True((await waiting).IsReset);
    }

    [Fact]
    public async Task NobodyReadingForAWhile_EndsAllPlaces()
    {
        Feed = _cluster.Client.GetGrain<IFeedGrain>(Guid.NewGuid().ToString("D"));
        Assert.False(await Feed.IsRead());
        var start = await Begin();
        Assert.True(await Feed.IsRead());
        _cluster.Time.Advance(FeedGrain.Linger);
        Assert.False((await Feed.Read(start.Position, 10, TimeSpan.Zero, default)).IsReset);
        _cluster.Time.Advance(FeedGrain.Linger + TimeSpan.FromSeconds(1));
        Assert.False(await Feed.IsRead());
        await Feed.Publish([Entry("unseen")]);
        Assert.True((await Feed.Read(start.Position, 10, TimeSpan.Zero, default)).IsReset);
    }

    [Fact]
    public async Task Restarted_KnowsNoPlaceOfBefore()
    {
        var start = await Begin();
        await _cluster.RestartAsync();
        Feed = _cluster.Client.GetGrain<IFeedGrain>("5a6f0a60-0000-4000-8000-000000000001");
        Assert.True((await Feed.Read(start.Position, 10, TimeSpan.Zero, default)).IsReset);
    }

    private Task<FeedPage> Begin()
    {
        Feed ??= _cluster.Client.GetGrain<IFeedGrain>("5a6f0a60-0000-4000-8000-000000000001");
        return Feed.Read(null, 10, TimeSpan.Zero, default);
    }

    private static FeedEntry Entry(string id) => new(id, FeedKinds.Event, null, null, JsonText.EmptyObject);
}
