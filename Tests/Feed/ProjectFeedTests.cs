using System.Collections.Immutable;
using System.Text.Json;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Feed;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Feed;
using EsoCore.Grains.Storage;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EsoCore.Tests.Feed;

/// <summary>What a silo tells a feed, and when it keeps silent.</summary>
public sealed class ProjectFeedTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RecordedFeed _grain = new();
    private readonly ProjectFeed _feed;
    private readonly Guid _device = Guid.NewGuid();

    public ProjectFeedTests() => _feed = new ProjectFeed(_grain, _time, NullLogger.Instance);

    [Fact]
    public void Commits_WhileNobodyReads_AreAskedAboutOnceInAWhileAndToldToNobody()
    {
        _grain.Read = false;
        for (var i = 0; i < 100; i++)
        {
            _feed.Note(_device, State(i), [Event()]);
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.InRange(_grain.Asked, 2, 4);
        Assert.Empty(_grain.Entries);
        Assert.Equal(0, _grain.Resets);
    }

    [Fact]
    public void Events_AreToldAfterAMoment()
    {
        var item = Event();
        _feed.Note(_device, State(1), [item]);
        _time.Advance(ProjectFeed.Gather);
        var told = Assert.Single(_grain.Entries, e => e.Kind == FeedKinds.Event);
        Assert.Equal((item.Id.ToString("D"), "HALL", _device), (told.Id, told.SiteId, told.DeviceId!.Value));
        using var body = JsonDocument.Parse(told.Body.ToString());
        Assert.Equal("power_outage", body.RootElement.GetProperty("event_type").GetString());
        Assert.Equal(1, body.RootElement.GetProperty("meta").GetProperty("n").GetInt32());
        Assert.Equal("2026-01-01T00:00:00.000000Z", body.RootElement.GetProperty("ts").GetString());
    }

    [Fact]
    public void Twins_AreToldAtMostOnceASecond_TheNewestOfEach()
    {
        for (var i = 1; i <= 30; i++)
        {
            _feed.Note(_device, State(i), []);
            _time.Advance(TimeSpan.FromMilliseconds(100));
        }

        _time.Advance(ProjectFeed.TwinPeriod);
        var told = _grain.Entries.Select(e => e.Id).ToList();
        Assert.InRange(told.Count, 3, 5);
        Assert.Equal($"{_device:D}/30", told[^1]);
        Assert.Equal(told.Distinct(), told);
    }

    [Fact]
    public void Event_WithALongBody_StaysInItsBounds()
    {
        var item = Event() with
        {
            Description = new string('ü', 5_000), Meta = $$"""{"text":"{{new string('x', 3_000)}}"}""", EventType = new string('e', 128),
        };
        var body = FeedBodies.Event(_device, State(1), item).Body.ToString();
        Assert.True(System.Text.Encoding.UTF8.GetByteCount(body) <= FeedEntry.MaxBody);
        Assert.False(JsonDocument.Parse(body).RootElement.TryGetProperty("meta", out _));
    }

    [Fact]
    public void Twin_WithManySeries_ShowsTheNewestThatFit()
    {
        var series = Enumerable.Range(1, 200).Select(n => new HeldSeries(new SeriesKey($"{new string('m', 100)}{n}", "°C", "A", ""), n));
        var state = State(1);
        state = state with
        {
            Twin = state.Twin with
            {
                Series = new SeriesSet([.. series]), Stands = [.. Enumerable.Range(1, 200).Select(n => new SeriesStand(n, n, 1))],
            },
        };
        var body = FeedBodies.Twin(_device, state).Body.ToString();
        Assert.True(System.Text.Encoding.UTF8.GetByteCount(body) <= FeedEntry.MaxBody);
        var shown = JsonDocument.Parse(body).RootElement.GetProperty("series");
        Assert.InRange(shown.GetArrayLength(), 1, FeedBodies.MaxSeries);
        Assert.Equal(200, shown[0].GetProperty("last_value").GetDouble());
    }

    [Fact]
    public void WhatCouldNotBeHandedOver_IsToldAsAReset()
    {
        _feed.Note(_device, State(1), [Event()]);
        _time.Advance(ProjectFeed.Gather);
        _grain.Fails = true;
        _feed.Note(_device, State(2), [Event()]);
        _time.Advance(ProjectFeed.Gather);
        Assert.Equal(0, _grain.Resets);
        _grain.Fails = false;
        _feed.Note(_device, State(3), [Event()]);
        _time.Advance(ProjectFeed.TwinPeriod);
        Assert.Equal(1, _grain.Resets);
        Assert.Equal(2, _grain.Entries.Count(e => e.Kind == FeedKinds.Event));
    }

    [Fact]
    public void MoreEventsThanMayWait_AreToldAsAReset()
    {
        _feed.Note(_device, State(1), []);
        _time.Advance(ProjectFeed.Gather);
        _feed.Note(_device, State(2), [.. Enumerable.Range(0, ProjectFeed.MaxEvents + 1).Select(_ => Event())]);
        _time.Advance(ProjectFeed.Gather);
        Assert.Equal(1, _grain.Resets);
        Assert.True(_grain.Largest <= ProjectFeed.MaxAtOnce);
    }

    private static NewEvent Event() => new(
        Guid.NewGuid(), new BodyKey(1_767_225_600_000_000, 1), "power_outage", "power", "critical", "Gone", null, "A1", """{"n":1}""");

    private DeviceState State(long version)
    {
        var registration = new DeviceRegistration(
            _device, Guid.NewGuid(), "S-1", "M", "HALL", ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, "stable",
            false, ConfigSettings.Empty, default(DateTimeOffset).AddYears(2_000));
        var state = DeviceState.Of(new StoredDevice(1, registration, 1, 0, 0, default, [], long.MinValue), new SharedValues());
        return state with { Twin = state.Twin with { Version = version } };
    }

    private sealed class RecordedFeed : IFeedGrain
    {
        public bool Read { get; set; } = true;

        public bool Fails { get; set; }

        public int Asked { get; private set; }

        public int Resets { get; private set; }

        public int Largest { get; private set; }

        public List<FeedEntry> Entries { get; } = [];

        public Task Publish(ImmutableArray<FeedEntry> entries)
        {
            if (Fails)
                return Task.FromException(new TimeoutException());
            Largest = Math.Max(Largest, entries.Length);
            Entries.AddRange(entries);
            return Task.CompletedTask;
        }

        public Task Lost()
        {
            Resets++;
            return Task.CompletedTask;
        }

        public Task<bool> IsRead()
        {
            Asked++;
            return Task.FromResult(Read);
        }

        Task<FeedPage> IFeedGrain.Read(FeedPosition? after, int max, TimeSpan wait, CancellationToken cancel) =>
            throw new NotSupportedException();
    }
}
