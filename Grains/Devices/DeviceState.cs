using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>What a device's grain knows: swapped as one, so that a reader never sees a twin of one version beside a registration of another.</summary>
internal sealed record DeviceState(
    long DeviceNo, DeviceRegistration Registration, long RegistrationVersion, long ConfigOffset, long RetentionFloorUs, Twin Twin)
{
    internal static DeviceState Of(StoredDevice stored, SharedValues shared) => new(
        stored.DeviceNo, Compact(stored.Registration, shared), stored.RegistrationVersion, stored.ConfigOffset, stored.RetentionFloorUs,
        TwinDocuments.Read(stored, shared));

    internal bool MayCall => Registration.Status is DeviceStatus.Active or DeviceStatus.Maintenance;

    internal Versioned<DeviceRegistration> VersionedRegistration =>
        new(Registration.DeviceId.ToString("D"), RegistrationVersion, Registration);

    /// <summary>What many devices have alike is one string for all.</summary>
    private static DeviceRegistration Compact(DeviceRegistration registration, SharedValues shared) => registration with
    {
        Model = shared.Share(registration.Model)!,
        SiteId = shared.Share(registration.SiteId),
        Channel = shared.Share(registration.Channel)!,
        Overrides = registration.Overrides == ConfigSettings.Empty ? ConfigSettings.Empty : registration.Overrides,
    };

    internal bool IsIn(Scope scope) => Registration.ProjectId == scope.ProjectId;
}
