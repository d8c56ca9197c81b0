using System.Security.Cryptography;
using System.Text;

namespace EsoCore.Benchmarks.Small;

/// <summary>Batches of one record: each device measures once a second and sends at once.</summary>
internal sealed class SmallBatches(DateTimeOffset start, int devices)
{
    private readonly int[] _sent = new int[devices];

    /// <summary>The next batch of a device. One device's are asked for one after the other.</summary>
    internal (byte[] Body, string Hash) Next(int device)
    {
        var n = _sent[device]++;
        var body = Encoding.UTF8.GetBytes(
            $$"""[{"ts":"{{start.AddSeconds(n):yyyy-MM-ddTHH:mm:ssZ}}","series":"temp_ambient","val":{{20 + n % 50 / 10.0:F1}},"unit":"°C"}]""");
        return (body, Convert.ToHexStringLower(SHA256.HashData(body)));
    }

    /// <summary>
    /// Calls for so long, with so many in flight; calls a second. Each caller has devices of its own, and goes round them.
    /// </summary>
    internal static async Task<double> Load(int callers, int devices, TimeSpan duration, Func<int, int, Task> call)
    {
        var started = TimeProvider.System.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            long count = 0;
            for (var device = caller; TimeProvider.System.GetElapsedTime(started) < duration; count++)
            {
                await call(caller, device);
                device = device + callers < devices ? device + callers : caller;
            }

            return count;
        })));
        return counts.Sum() / TimeProvider.System.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Calls once for every device.</summary>
    internal static Task Once(int callers, int devices, Func<int, int, Task> call) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var device = caller; device < devices; device += callers)
                await call(caller, device);
        })));
}
