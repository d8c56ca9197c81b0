using EsoCore.Devices;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>What a device's grain knows: swapped as one, so that a reader never sees a twin of one version beside a registration of another.</summary>
internal sealed record DeviceState(
    long DeviceNo, DeviceRegistration Registration, long RegistrationVersion, long ConfigOffset, long RetentionFloorUs, Twin Twin)
{
    internal static DeviceState Of(StoredDevice stored, SeriesKeyPool pool) => new(
        stored.DeviceNo, stored.Registration, stored.RegistrationVersion, stored.ConfigOffset, stored.RetentionFloorUs,
        TwinDocuments.Read(stored, pool));

    internal bool MayCall => Registration.Status is DeviceStatus.Active or DeviceStatus.Maintenance;

    internal Versioned<DeviceRegistration> VersionedRegistration =>
        new(Registration.DeviceId.ToString("D"), RegistrationVersion, Registration);

    internal bool IsIn(Scope scope) => Registration.ProjectId == scope.ProjectId;
}
