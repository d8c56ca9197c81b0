using System.Net;
using System.Runtime.CompilerServices;
using EsoCore.Api;
using EsoCore.Feed;
using EsoCore.Grains.Feed;
using EsoCore.Tests.Api;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Feed;

/// <summary><c>GET /api/stream</c> on a real server, before the real grain of the feed.</summary>
public sealed class StreamTests : IAsyncLifetime
{
    private GrainCluster _cluster = null!;
    private FrontDoor _door = null!;
    private int _published;

    public async Task InitializeAsync()
    {
        _cluster = await GrainCluster.StartAsync();
        _door = await FrontDoor.Open(("StreamsPerKey", "2"), ("Streams", "3"));
        _door.Grains.Feeds = key => _cluster.Client.GetGrain<IFeedGrain>(key);
        await Learn(_door.ProjectId);
    }

    public async Task DisposeAsync()
    {
        await _door.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Entries_ArriveAsTheyArePublished()
    {
        using var client = await Open();
        Assert.Equal("text/event-stream", client.Headers.ContentType!.MediaType);
        await Ready(client);
        await Publish(FeedKinds.Incident);
        var first = await client.Next();
        Assert.Equal((FeedKinds.Incident, """{"n":1}"""), (first!.Kind, first.Data));
        await Publish(FeedKinds.Twin);
        Assert.Equal(FeedKinds.Twin, (await client.Next())!.Kind);
    }

    [Fact]
    public async Task LastEventId_GoesOnWhereTheConnectionEnded_WithoutLossOrRepeat()
    {
        string last;
        using (var client = await Open())
        {
            await Ready(client);
            await Publish();
            last = (await client.Next())!.Id;
        }

        for (var i = 0; i < FeedLimits.MaxRead + 10; i++)
            await Publish();
        using var again = await Open(lastId: last);
        await Publish();
        for (var n = 2; n <= FeedLimits.MaxRead + 12; n++)
            Assert.Equal($$"""{"n":{{n}}}""", (await NextEntry(again)).Data);
    }

    [Fact]
    public async Task LastEventId_InTheMiddle_RepeatsOnlyWhatCameAfterIt()
    {
        using var other = await Open();
        await Ready(other);
        await Publish();
        await Publish();
        var first = (await other.Next())!.Id;
        await other.Next();
        using var client = await Open(lastId: first);
        Assert.Equal("""{"n":2}""", (await NextEntry(client)).Data);
        await Publish();
        Assert.Equal("""{"n":3}""", (await NextEntry(client)).Data);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("1f-1")]
    [InlineData("a very long id that is none of ours, because ours are much shorter than this one is by far")]
    public async Task LastEventId_ThatIsNotHeld_IsAReset(string id)
    {
        using var client = await Open(lastId: id);
        Assert.Equal("reset", (await client.Next())!.Kind);
        await Publish();
        Assert.Equal("""{"n":1}""", (await NextEntry(client)).Data);
    }

    [Fact]
    public async Task LastEventId_AheadOfTheFeed_IsAReset()
    {
        using var other = await Open();
        await Ready(other);
        await Publish();
        using var client = await Open(lastId: (await other.Next())!.Id + "000");
        Assert.Equal("reset", (await client.Next())!.Kind);
    }

    [Fact]
    public async Task Lost_IsAReset()
    {
        using var client = await Open();
        await Ready(client);
        await Feed.Lost();
        Assert.Equal("reset", (await client.Next())!.Kind);
        await Publish();
        Assert.Equal("""{"n":1}""", (await NextEntry(client)).Data);
    }

    [Fact]
    public async Task Filters_LetThroughWhatIsAskedFor()
    {
        var device = Guid.NewGuid();
        using var client = await Open($"?kinds=event,incident&site=HALL&device={device:D}");
        await Ready(client);
        await Publish(FeedKinds.Twin, "HALL", device);
        await Publish(FeedKinds.Event, "YARD", device);
        await Publish(FeedKinds.Event, "HALL", Guid.NewGuid());
        await Publish(FeedKinds.Event, "HALL", device);
        Assert.Equal("""{"n":4}""", (await client.Next())!.Data);
    }

    [Fact]
    public async Task Query_WithFaults_NamesThemAll()
    {
        var reply = await _door.Send(_door.AsProject(HttpMethod.Get, "/api/stream?kinds=event,dog&device=7"));
        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.Contains("kinds", reply.Text);
        Assert.Contains("device", reply.Text);
    }

    [Fact]
    public async Task Heartbeat_ComesWhileNothingHappens_AndTellsHowFarTheFeedIs()
    {
        using var client = await Open("?kinds=incident");
        var ready = await Ready(client);
        await Publish(FeedKinds.Twin);
        var next = client.Next();
        await Beats(() => client.LastId != ready.Id);
        await Publish(FeedKinds.Incident);
        Assert.Equal("""{"n":2}""", (await next)!.Data);
    }

    [Fact]
    public async Task Connections_BeyondTheLimits_AreRefused()
    {
        using var first = await Open();
        using var second = await Open();
        var third = await _door.Send(_door.AsProject(HttpMethod.Get, "/api/stream"));
        Assert.Equal(HttpStatusCode.TooManyRequests, third.Status);

        var otherProject = Guid.NewGuid();
        var otherKey = _door.Grains.Credentials.AddProjectKey(otherProject, "other:secret");
        using var other = await StreamClient.Open(
            _door.Http, FrontDoor.WithBasic(HttpMethod.Get, "/api/stream", otherKey, "other:secret"));
        var lastKey = _door.Grains.Credentials.AddProjectKey(otherProject, "last:secret");
        var last = await _door.Send(FrontDoor.WithBasic(HttpMethod.Get, "/api/stream", lastKey, "last:secret"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, last.Status);
    }

    [Fact]
    public async Task AnotherProjectsKey_SeesNothing()
    {
        var project = Guid.NewGuid();
        var otherKey = _door.Grains.Credentials.AddProjectKey(project, "other:secret");
        await Learn(project);
        using var other = await StreamClient.Open(
            _door.Http, FrontDoor.WithBasic(HttpMethod.Get, "/api/stream", otherKey, "other:secret"));
        using var own = await Open();
        await Ready(own);
        await Ready(other);
        var theirs = other.Next();
        await Publish();
        Assert.Equal("""{"n":1}""", (await own.Next())!.Data);
        Assert.False(theirs.IsCompleted);
    }

    [Fact]
    public async Task DevicesKeyOrNone_IsRefused()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await _door.Send(new HttpRequestMessage(HttpMethod.Get, "/api/stream"))).Status);
        var device = FrontDoor.WithBasic(HttpMethod.Get, "/api/stream", _door.Device.KeyId, FrontDoor.Secret);
        Assert.Equal(HttpStatusCode.Forbidden, (await _door.Send(device)).Status);
    }

    [Fact]
    public async Task RevokedKey_EndsItsStreams()
    {
        using var client = await Open();
        await Ready(client);
        _door.Grains.Credentials.Remove(_door.ProjectKey);
        _door.Services.GetRequiredService<ICredentialCache>().Invalidate(_door.ProjectKey);
        var next = client.Next();
        await Beats(() => next.IsCompleted);
        Assert.Null(await next);
        await Eventually.Holds(
            () => Task.FromResult(_door.Services.GetRequiredService<FeedReaders>().Connections == 0), () => "The place is still taken.");
    }

    private IFeedGrain Feed => _cluster.Client.GetGrain<IFeedGrain>(_door.ProjectId.ToString("D"));

    private Task<StreamClient> Open(string query = "", string? lastId = null) =>
        StreamClient.Open(_door.Http, _door.AsProject(HttpMethod.Get, "/api/stream" + query), lastId);

    /// <summary>As if somebody had read the feed for a while: all publishers know that it is read.</summary>
    private async Task Learn(Guid project)
    {
        await _cluster.Client.GetGrain<IFeedGrain>(project.ToString("D")).Read(null, 1, TimeSpan.Zero, default);
        _cluster.Time.Advance(FeedGrain.LearnedAfter);
    }

    /// <summary>
    /// Moves the clock from beat to beat until a condition holds, each time only when the connection waits for its next one: by a clock
    /// that is moved on while it writes, its client would have taken nothing for too long.
    /// </summary>
    private Task Beats(Func<bool> until, [CallerArgumentExpression(nameof(until))] string description = "") => Turns.Until(
        until,
        () =>
        {
            var now = _door.Clock.GetUtcNow();
            if (_door.Clock.NextDue is { } due && due <= now + FeedConnection.Beat)
                _door.Clock.Advance(due - now);
            return Task.CompletedTask;
        },
        description);

    private static async Task<ServerSent> Ready(StreamClient client)
    {
        var next = (await client.Next())!;
        Assert.Equal("ready", next.Kind);
        return next;
    }

    /// <summary>The next that is no word of the feed itself.</summary>
    private static async Task<ServerSent> NextEntry(StreamClient client)
    {
        while (true)
        {
            var next = (await client.Next())!;
            if (next.Kind is not ("ready" or "reset"))
                return next;
        }
    }

    private Task Publish(string kind = FeedKinds.Event, string? site = null, Guid? device = null)
    {
        var n = ++_published;
        return Feed.Publish([new FeedEntry($"{n}", kind, site, device, new JsonText($$"""{"n":{{n}}}"""))]);
    }
}
