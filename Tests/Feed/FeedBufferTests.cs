using System.Collections.Immutable;
using EsoCore.Api;
using EsoCore.Feed;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Feed;

public sealed class FeedBufferTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Take_GivesWhatPassesTheFilter_AndHowFarTheReaderHasCome()
    {
        var device = Guid.NewGuid();
        var buffer = new FeedBuffer(new FeedFilter([FeedKinds.Event], "HALL", device), _time);
        buffer.Begin(new FeedPosition(1, 0));
        buffer.Add(
            [
                Item(1, FeedKinds.Event, "HALL", device), Item(2, FeedKinds.Twin, "HALL", device), Item(3, FeedKinds.Event, "YARD", device),
                Item(4, FeedKinds.Event, "HALL", Guid.NewGuid()), Item(5, FeedKinds.Event, "HALL", null),
            ],
            new FeedPosition(1, 5));
        var (messages, position) = await buffer.Take(TimeSpan.Zero, default);
        Assert.Equal(1, Assert.Single(messages).Position.Sequence);
        Assert.Equal(5, position.Sequence);
    }

    [Fact]
    public async Task SlowClient_LosesWhatWaitsAndIsToldSo()
    {
        var buffer = new FeedBuffer(FeedFilter.All, _time);
        for (var i = 1; i <= FeedBuffer.Capacity + 3; i++)
            buffer.Add([Item(i, FeedKinds.Event, null, null)], new FeedPosition(1, i));
        var (messages, _) = await buffer.Take(TimeSpan.Zero, default);
        Assert.Equal(
            [(FeedMessage.Reset, FeedBuffer.Capacity + 1), ("event", FeedBuffer.Capacity + 2), ("event", FeedBuffer.Capacity + 3)],
            messages.Select(m => (m.Kind, (int)m.Position.Sequence)));
    }

    [Fact]
    public async Task Reset_TakesThePlaceOfWhatWaits()
    {
        var buffer = new FeedBuffer(FeedFilter.All, _time);
        buffer.Add([Item(1, FeedKinds.Event, null, null)], new FeedPosition(1, 1));
        buffer.Tell(FeedMessage.Reset, new FeedPosition(2, 0));
        Assert.Equal(FeedMessage.Reset, Assert.Single((await buffer.Take(TimeSpan.Zero, default)).Messages).Kind);
    }

    [Fact]
    public async Task Take_WaitsForWhatComes_OrForItsTime()
    {
        var buffer = new FeedBuffer(FeedFilter.All, _time);
        var waiting = buffer.Take(TimeSpan.FromSeconds(5), default);
        Assert.False(waiting.IsCompleted);
        buffer.Add([Item(1, FeedKinds.Event, null, null)], new FeedPosition(1, 1));
        Assert.Single((await waiting).Messages);
        waiting = buffer.Take(TimeSpan.FromSeconds(5), default);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Empty((await waiting).Messages);
    }

    private static FeedItem Item(long sequence, string kind, string? site, Guid? device) =>
        new(new FeedPosition(1, sequence), new FeedEntry($"{sequence}", kind, site, device, JsonText.EmptyObject));
}
