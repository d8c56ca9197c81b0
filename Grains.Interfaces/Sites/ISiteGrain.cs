namespace EsoCore.Sites;

/// <summary>A site, and who is online there. Key: <c>project/site id</c>.</summary>
public interface ISiteGrain : IGrainWithStringKey
{
    /// <summary>The site, or null when it is not registered.</summary>
    [AlwaysInterleave]
    Task<SiteView?> Get();

    /// <summary>Creates the site (<paramref name="onlyCreate"/>: or answers that it exists) or replaces its definition.</summary>
    Task<EditResult<SiteDefinition>> Put(SiteDefinition definition, long? expectedVersion, bool onlyCreate);

    /// <summary>Takes the site away; its devices stay, without a site of that name.</summary>
    Task<EditResult<SiteDefinition>> Delete(long? expectedVersion);
}

/// <summary>What people say of a site.</summary>
/// <param name="Name">1 to 128 characters.</param>
/// <param name="Address">At most 512 characters.</param>
/// <param name="TimeZone">An IANA time zone; operating hours are in it. Cycles are counted by UTC days all the same. Default <c>UTC</c>.</param>
/// <param name="OperatingHours">By day, <c>{"mon":[{"from":"06:00","to":"22:00"}],...}</c>; a day left out is closed; null means always open.</param>
[GenerateSerializer, Immutable, Alias("site-definition")]
public sealed record SiteDefinition(
    string Name, string? Address, string TimeZone, ImmutableSortedDictionary<string, ImmutableArray<OpenHours>>? OperatingHours);

/// <summary>A span of a day, minutes precise, <c>HH:mm</c>; <paramref name="To"/> may be <c>24:00</c>.</summary>
[GenerateSerializer, Immutable, Alias("open-hours")]
public sealed record OpenHours(string From, string To);

/// <summary>A site with its live counts.</summary>
/// <param name="Devices">Devices at the site that have ever been heard.</param>
/// <param name="OnlineDevices">Ids of those online now, in order.</param>
[GenerateSerializer, Immutable, Alias("site-view")]
public sealed record SiteView(Versioned<SiteDefinition> Site, int Devices, int Online, int Offline, ImmutableArray<Guid> OnlineDevices);
