using EsoCore.Config;

namespace EsoCore.Devices;

/// <summary>What people decide about a device, beside what it tells of itself.</summary>
/// <param name="DeviceId">Its id.</param>
/// <param name="ProjectId">The project it belongs to.</param>
/// <param name="Serial">The manufacturer's serial number, 1 to 128 characters, unique within the project.</param>
/// <param name="Model">Decides which config profile applies; 1 to 128 characters, no slash.</param>
/// <param name="SiteId">The site it stands at, or null.</param>
/// <param name="Tags">At most <see cref="MaxTags"/>, keys and values of at most 128 characters.</param>
/// <param name="Status">Its lifecycle.</param>
/// <param name="Channel">The firmware channel: <c>stable</c> or <c>beta</c>.</param>
/// <param name="SignatureRequired">Whether its uploads must carry a body signature.</param>
/// <param name="Overrides">Settings of its own, over those of its model's profile.</param>
/// <param name="CreatedAt">When it was registered.</param>
[GenerateSerializer, Immutable, Alias("device-registration")]
public sealed record DeviceRegistration(
    Guid DeviceId,
    Guid ProjectId,
    string Serial,
    string Model,
    string? SiteId,
    ImmutableSortedDictionary<string, string> Tags,
    DeviceStatus Status,
    string Channel,
    bool SignatureRequired,
    ConfigSettings Overrides,
    DateTimeOffset CreatedAt)
{
    /// <summary>Tags a device can have.</summary>
    public const int MaxTags = 32;
}

/// <summary>A change of a registration: null leaves a field as it is; an empty <paramref name="SiteId"/> takes the device from its site.</summary>
[GenerateSerializer, Immutable, Alias("registration-change")]
public sealed record RegistrationChange(
    string? Serial = null,
    string? Model = null,
    string? SiteId = null,
    ImmutableSortedDictionary<string, string>? Tags = null,
    DeviceStatus? Status = null,
    string? Channel = null,
    bool? SignatureRequired = null,
    ConfigSettings? Overrides = null);
