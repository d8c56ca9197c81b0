using EsoCore.Devices;

namespace EsoCore.Grains.Notifications;

/// <summary>What muting asks of a device.</summary>
internal sealed record DeviceFacts(DeviceStatus Status, ImmutableSortedDictionary<string, string> Tags);

/// <summary>The port to what is registered of devices.</summary>
internal interface IDeviceFacts
{
    /// <summary>The device's facts, or null when the project has no such device.</summary>
    ValueTask<DeviceFacts?> Get(Guid projectId, Guid deviceId);
}

/// <summary>Asks the devices' grains: those that an incident is about were heard a moment ago, so they are awake.</summary>
internal sealed class GrainDeviceFacts(IGrainFactory grains) : IDeviceFacts
{
    /// <inheritdoc/>
    public async ValueTask<DeviceFacts?> Get(Guid projectId, Guid deviceId) =>
        await grains.GetGrain<IDeviceGrain>(deviceId.ToString("D")).GetRegistration(new Scope(projectId)) is { Value: var device }
            ? new DeviceFacts(device.Status, device.Tags) : null;
}
