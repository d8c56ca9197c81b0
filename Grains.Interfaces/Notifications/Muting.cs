namespace EsoCore.Notifications;

/// <summary>A silence. Key: <c>project/silence id</c>.</summary>
public interface ISilenceGrain : IGrainWithStringKey
{
    /// <summary>The silence, or null.</summary>
    [AlwaysInterleave]
    Task<Versioned<SilenceDefinition>?> Get();

    /// <summary>Creates the silence (<paramref name="onlyCreate"/>: or answers that there is one) or replaces it.</summary>
    Task<EditResult<SilenceDefinition>> Put(SilenceDefinition definition, long? expectedVersion, bool onlyCreate);

    /// <summary>Ends the silence.</summary>
    Task<EditResult<SilenceDefinition>> Delete(long? expectedVersion);
}

/// <summary>A maintenance window. Key: <c>project/window id</c>.</summary>
public interface IMaintenanceWindowGrain : IGrainWithStringKey
{
    /// <summary>The window, or null.</summary>
    [AlwaysInterleave]
    Task<Versioned<MaintenanceWindowDefinition>?> Get();

    /// <summary>Creates the window (<paramref name="onlyCreate"/>: or answers that there is one) or replaces it.</summary>
    Task<EditResult<MaintenanceWindowDefinition>> Put(MaintenanceWindowDefinition definition, long? expectedVersion, bool onlyCreate);

    /// <summary>Takes the window away.</summary>
    Task<EditResult<MaintenanceWindowDefinition>> Delete(long? expectedVersion);
}

/// <summary>A span of time in which what matches tells nobody.</summary>
/// <param name="Matchers">What it concerns; at least one.</param>
/// <param name="From">When it begins.</param>
/// <param name="To">When it ends; at most a year later.</param>
/// <param name="Comment">Why; 1 to 512 characters.</param>
/// <param name="CreatedBy">Who made it. Set by the server.</param>
[GenerateSerializer, Immutable, Alias("silence-definition")]
public sealed record SilenceDefinition(
    SilenceMatchers Matchers, DateTimeOffset From, DateTimeOffset To, string Comment, string CreatedBy);

/// <summary>
/// Which incidents a silence concerns. What is empty does not restrict; what is given must all hold. At most 64 in each list.
/// </summary>
/// <param name="Rules">Rule ids.</param>
/// <param name="Severities">info, low, medium, high or critical.</param>
/// <param name="Sites">Site ids.</param>
/// <param name="Devices">Device ids.</param>
/// <param name="Assets">Asset codes.</param>
/// <param name="Tags">Tags that the device must have.</param>
[GenerateSerializer, Immutable, Alias("silence-matchers")]
public sealed record SilenceMatchers(
    ImmutableArray<string> Rules,
    ImmutableArray<string> Severities,
    ImmutableArray<string> Sites,
    ImmutableArray<Guid> Devices,
    ImmutableArray<string> Assets,
    ImmutableSortedDictionary<string, string> Tags)
{
    /// <summary>Entries of one list.</summary>
    public const int MaxEach = 64;
}

/// <summary>Hours in which work at sites or devices is expected, so that what they say tells nobody. Once, or every week.</summary>
/// <param name="Name">1 to 128 characters.</param>
/// <param name="Sites">Site ids; sites and devices together at least one, at most 64 each.</param>
/// <param name="Devices">Device ids.</param>
/// <param name="From">Once: when it begins.</param>
/// <param name="To">Once: when it ends.</param>
/// <param name="Weekly">Every week; null: once.</param>
[GenerateSerializer, Immutable, Alias("maintenance-window-definition")]
public sealed record MaintenanceWindowDefinition(
    string Name, ImmutableArray<string> Sites, ImmutableArray<Guid> Devices, DateTimeOffset? From, DateTimeOffset? To, WeeklyHours? Weekly);

/// <summary>
/// Hours by the wall clock of a time zone. On the days when clocks change a window lasts as long as the clock on the wall says, an hour
/// more
/// or less than on others; one that lies in the hour left out does not come.
/// </summary>
/// <param name="Days">mon, tue, ... on which it begins; 1 to 7.</param>
/// <param name="From">HH:mm.</param>
/// <param name="To">HH:mm, at most 24:00; not after <paramref name="From"/>: on the next day.</param>
/// <param name="TimeZone">An IANA time zone.</param>
[GenerateSerializer, Immutable, Alias("weekly-hours")]
public sealed record WeeklyHours(ImmutableArray<string> Days, string From, string To, string TimeZone);
