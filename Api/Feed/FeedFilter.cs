using EsoCore.Feed;

namespace EsoCore.Api;

/// <summary>Which entries a connection gets; what is null does not restrict.</summary>
internal sealed record FeedFilter(ImmutableArray<string> Kinds, string? SiteId, Guid? DeviceId)
{
    public static FeedFilter All { get; } = new(FeedKinds.All, null, null);

    public bool Passes(FeedEntry entry) =>
        Kinds.Contains(entry.Kind) && (SiteId is null || SiteId == entry.SiteId) && (DeviceId is null || DeviceId == entry.DeviceId);

    /// <summary>From <c>kinds</c>, <c>site</c> and <c>device</c>; faults are the reader's.</summary>
    public static FeedFilter Read(QueryReader query)
    {
        var kinds = FeedKinds.All;
        if (query.Text("kinds", Ids.MaxLength) is { } text)
        {
            kinds = [.. text.Split(',', StringSplitOptions.TrimEntries)];
            if (kinds.Any(kind => !FeedKinds.All.Contains(kind)))
                query.Fault("kinds", $"must be a list, separated by commas, of: {string.Join(", ", FeedKinds.All)}");
        }

        return new FeedFilter(kinds, query.Text("site", Ids.MaxLength), query.Id("device"));
    }
}
