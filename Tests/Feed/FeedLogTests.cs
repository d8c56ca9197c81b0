using EsoCore.Feed;
using EsoCore.Grains.Feed;
using Xunit;

namespace EsoCore.Tests.Feed;

public sealed class FeedLogTests
{
    private readonly FeedLog _log = new();

    [Fact]
    public void Add_NumbersEntriesAndLeavesOutThoseKnownOrTooLong()
    {
        var start = _log.Position;
        Assert.True(_log.Add(Entry("a")));
        Assert.False(_log.Add(Entry("a")));
        Assert.True(_log.Add(Entry("b")));
        Assert.False(_log.Add(Entry("c", new string('x', FeedEntry.MaxBody))));
        Assert.Equal(["a", "b"], _log.After(start, 10).Select(i => i.Entry.Id));
        Assert.Equal([start.Sequence + 1, start.Sequence + 2], _log.After(start, 10).Select(i => i.Position.Sequence));
        Assert.Equal(["a"], _log.After(start, 1).Select(i => i.Entry.Id));
        Assert.Empty(_log.After(_log.Position, 10));
    }

    [Fact]
    public void Holds_OnlyPlacesWhoseNextEntryIsThere()
    {
        var start = _log.Position;
        for (var i = 0; i < FeedLog.MaxHeld; i++)
            _log.Add(Entry($"{i}"));
        Assert.True(_log.Holds(start));
        _log.Add(Entry("one more"));
        Assert.False(_log.Holds(start));
        Assert.True(_log.Holds(start with { Sequence = start.Sequence + 1 }));
        Assert.True(_log.Holds(_log.Position));
        Assert.False(_log.Holds(_log.Position with { Sequence = _log.Position.Sequence + 1 }));
        Assert.False(_log.Holds(_log.Position with { Epoch = _log.Position.Epoch + 1 }));
    }

    [Fact]
    public void Add_LongBodies_HoldsFewer()
    {
        var start = _log.Position;
        for (var i = 0; i < FeedLog.MaxHeldBytes / 4_000 + 10; i++)
            _log.Add(Entry($"{i}", new string('x', 3_990)));
        Assert.False(_log.Holds(start));
        Assert.True(_log.Holds(_log.Position with { Sequence = _log.Position.Sequence - 1_000 }));
    }

    [Fact]
    public void StartOver_EndsAllPlaces()
    {
        _log.Add(Entry("a"));
        var place = _log.Position;
        _log.StartOver();
        Assert.False(_log.Holds(place));
        Assert.True(_log.Add(Entry("a")));
    }

    [Theory]
    [InlineData("1f-7", 0x1f, 7)]
    [InlineData("7fffffffffffffff-0", long.MaxValue, 0)]
    public void Position_IsReadAsWritten(string text, long epoch, long sequence)
    {
        Assert.Equal(new FeedPosition(epoch, sequence), FeedPosition.Parse(text));
        Assert.Equal(text, new FeedPosition(epoch, sequence).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("1")]
    [InlineData("1-")]
    [InlineData("-1")]
    [InlineData("1--1")]
    [InlineData("g-1")]
    [InlineData("1-99999999999999999999")]
    public void Position_ThatIsNone_IsNull(string text) => Assert.Null(FeedPosition.Parse(text));

    private static FeedEntry Entry(string id, string text = "") => new(id, FeedKinds.Event, null, null, new JsonText($"\"{text}\""));
}
