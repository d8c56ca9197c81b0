namespace EsoCore.Feed;

/// <summary>
/// The live feed of a project: numbers what it is given after the commits that made it, keeps the newest, and answers who waits for more.
/// Nothing is kept while nobody reads. Key: the project id.
/// </summary>
public interface IFeedGrain : IGrainWithStringKey
{
    /// <summary>Adds entries. Those known by their id are added once. Losing one costs a viewer a refresh, never data.</summary>
    Task Publish(ImmutableArray<FeedEntry> entries);

    /// <summary>Entries were lost on their way here: all places given out so far end, so that readers start afresh.</summary>
    Task Lost();

    /// <summary>Whether anybody reads, or did a moment ago. While nobody does there is no use in publishing.</summary>
    [AlwaysInterleave]
    Task<bool> IsRead();

    /// <summary>What came after a place, at once when there is something, else as soon as something comes or the time is over.</summary>
    /// <param name="after">A place given out before; null gives the newest place, without entries.</param>
    /// <param name="max">Entries at most; more than <see cref="FeedLimits.MaxRead"/> counts as that.</param>
    /// <param name="wait">How long to wait for the first entry; more than <see cref="FeedLimits.MaxWait"/> counts as that.</param>
    /// <param name="cancel">Ends the waiting.</param>
    [AlwaysInterleave, ResponseTimeout("00:00:40")]
    Task<FeedPage> Read(FeedPosition? after, int max, TimeSpan wait, CancellationToken cancel);
}

/// <summary>The bounds of a reading.</summary>
public static class FeedLimits
{
    /// <summary>Entries that one reading gives at most.</summary>
    public const int MaxRead = 500;

    /// <summary>The longest that a reading waits, below the limit of a call.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(20);
}

/// <summary>Something that a viewer may want to know at once.</summary>
/// <param name="Id">Unique, the same however often it is handed over.</param>
/// <param name="Kind"><c>event</c>, <c>incident</c> or <c>twin</c>.</param>
/// <param name="SiteId">Where, or null.</param>
/// <param name="DeviceId">Which device, or null.</param>
/// <param name="Body">A JSON object, at most 4 KiB.</param>
[GenerateSerializer, Immutable, Alias("feed-entry")]
public sealed record FeedEntry(string Id, string Kind, string? SiteId, Guid? DeviceId, JsonText Body)
{
    /// <summary>Bytes of a body in UTF-8; an entry with a longer one is left out.</summary>
    public const int MaxBody = 4_096;
}

/// <summary>The kinds of entries.</summary>
public static class FeedKinds
{
    /// <summary>An event was stored.</summary>
    public const string Event = "event";

    /// <summary>An incident changed.</summary>
    public const string Incident = "incident";

    /// <summary>A device's twin changed.</summary>
    public const string Twin = "twin";

    /// <summary>All of them.</summary>
    public static ImmutableArray<string> All { get; } = [Event, Incident, Twin];
}

/// <summary>An entry and its place.</summary>
[GenerateSerializer, Immutable, Alias("feed-item")]
public sealed record FeedItem(FeedPosition Position, FeedEntry Entry);

/// <summary>An answer of the feed.</summary>
/// <param name="Position">The place after the last of <paramref name="Items"/>, to go on from.</param>
/// <param name="Items">In order; each follows the one before it without a gap.</param>
/// <param name="IsReset">The place asked for is not held: what came before <paramref name="Position"/> must be read elsewhere.</param>
/// <param name="IsComplete">
/// Whether all publishers know that somebody reads: from then on nothing is left out, as it may be just after the first reader came.
/// </param>
[GenerateSerializer, Immutable, Alias("feed-page")]
public sealed record FeedPage(FeedPosition Position, ImmutableArray<FeedItem> Items, bool IsReset, bool IsComplete);
