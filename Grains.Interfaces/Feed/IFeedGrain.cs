namespace EsoCore.Feed;

/// <summary>
/// The live feed of a project: numbers what it is given after the commits that made it, keeps the newest, and answers who waits for more.
/// Key: the project id.
/// </summary>
public interface IFeedGrain : IGrainWithStringKey
{
    /// <summary>Adds entries. Those known by their id are added once. Losing one costs a viewer a refresh, never data.</summary>
    Task Publish(ImmutableArray<FeedEntry> entries);
}

/// <summary>Something that a viewer may want to know at once.</summary>
/// <param name="Id">Unique, the same however often it is handed over.</param>
/// <param name="Kind"><c>event</c>, <c>incident</c> or <c>twin</c>.</param>
/// <param name="SiteId">Where, or null.</param>
/// <param name="DeviceId">Which device, or null.</param>
/// <param name="Body">A JSON object, at most 4 KiB.</param>
[GenerateSerializer, Immutable, Alias("feed-entry")]
public sealed record FeedEntry(string Id, string Kind, string? SiteId, Guid? DeviceId, JsonText Body);
