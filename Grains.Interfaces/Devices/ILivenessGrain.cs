using System.Globalization;

namespace EsoCore.Devices;

/// <summary>
/// Watches over the devices of a shard that are online, and asks each when its silence would count. Key: a shard number, as
/// <see cref="LivenessShards"/> has it. Two of one shard at once do no harm: the device's grain decides.
/// </summary>
public interface ILivenessGrain : IGrainWithStringKey
{
    /// <summary>Starts the shard's timer and reminder; further calls change nothing.</summary>
    Task Start();
}

/// <summary>The shards that share the watch over devices.</summary>
public static class LivenessShards
{
    /// <summary>How many there are.</summary>
    public const int Count = 256;

    /// <summary>The shard that watches a device: the last byte of its id, which is random in every kind of id that is minted.</summary>
    public static int Of(Guid deviceId)
    {
        Span<byte> bytes = stackalloc byte[16];
        deviceId.TryWriteBytes(bytes, bigEndian: true, out _);
        return bytes[15];
    }

    /// <summary>The key of a shard's grain.</summary>
    public static string KeyOf(int shard) => shard.ToString(CultureInfo.InvariantCulture);
}
