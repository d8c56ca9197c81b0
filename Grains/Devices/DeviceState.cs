using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>What a device's grain knows: swapped as one, so that a reader never sees a twin of one version beside a registration of another.</summary>
internal sealed record DeviceState(
    long DeviceNo,
    string Serial,
    long CreatedUs,
    int RegistrationVersion,
    int ConfigOffset,
    DeviceTraits Traits,
    Twin Twin)
{
    /// <summary>What anomaly detectors have learnt, where a rule wants any; null while they were not read.</summary>
    internal DetectorSet? Detectors { get; init; }

    internal bool MayCall => Traits.Status is DeviceStatus.Active or DeviceStatus.Maintenance;

    internal static DeviceState Of(StoredDevice stored, SharedValues shared) => new DeviceState(
        stored.DeviceNo, "", Micros.Of(stored.Registration.CreatedAt), checked((int)stored.RegistrationVersion), checked((int)stored.ConfigOffset),
        null!, TwinDocuments.Read(stored, shared)).With(stored.Registration, shared);

    internal bool IsIn(Scope scope) => Traits.ProjectId == scope.ProjectId;

    /// <summary>The state with another registration.</summary>
    internal DeviceState With(DeviceRegistration registration, SharedValues shared) => this with
    {
        Serial = registration.Serial,
        Traits = shared.Share(new DeviceTraits(
            registration.ProjectId, registration.Model, registration.SiteId, registration.Tags.IsEmpty ? registration.Tags.Clear() : registration.Tags,
            registration.Status, registration.Channel, registration.SignatureRequired,
            registration.Overrides == ConfigSettings.Empty ? ConfigSettings.Empty : registration.Overrides)),
    };

    /// <summary>The registration as everybody else knows it.</summary>
    internal Versioned<DeviceRegistration> Registration(Guid deviceId) => new(
        deviceId.ToString("D"),
        RegistrationVersion,
        new DeviceRegistration(
            deviceId, Traits.ProjectId, Serial, Traits.Model, Traits.SiteId, Traits.Tags, Traits.Status, Traits.Channel, Traits.SignatureRequired,
            Traits.Overrides, Micros.ToTime(CreatedUs)));
}

/// <summary>The part of a registration that a fleet's devices have alike, and so share. Own tags or settings make a device's traits its own.</summary>
internal sealed record DeviceTraits(
    Guid ProjectId,
    string Model,
    string? SiteId,
    ImmutableSortedDictionary<string, string> Tags,
    DeviceStatus Status,
    string Channel,
    bool SignatureRequired,
    ConfigSettings Overrides);
