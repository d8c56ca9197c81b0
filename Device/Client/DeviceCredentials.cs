namespace EsoCore.Device;

/// <summary>Who a device is and how it proves it.</summary>
/// <param name="DeviceId">X-Device-Id.</param>
/// <param name="Secret">The device key's secret.</param>
public sealed record DeviceCredentials(string DeviceId, string Secret)
{
    /// <summary>The id alone: a secret must not reach a log by accident.</summary>
    public override string ToString() => DeviceId;
}
