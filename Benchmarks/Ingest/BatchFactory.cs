using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Wire;

namespace EsoCore.Benchmarks.Ingest;

/// <summary>A batch ready to be sent, and the points in it for the baseline.</summary>
internal sealed record GeneratedBatch(int Device, Guid Id, byte[] Body, string BodyHash, GeneratedPoint[] Points);

/// <summary>One point as a row.</summary>
internal readonly record struct GeneratedPoint(long TsUs, int Series, double Value);

/// <summary>Batches of 5,000 records over 8 series at 10 Hz, values as sensors give them (one to three decimals, slow drift, noise).</summary>
internal static class BatchFactory
{
    internal const int RecordsABatch = 5_000;

    internal static readonly (string Metric, string Unit, int Decimals, double Base, double Swing, double Noise)[] Series =
    [
        ("temp_ambient", "°C", 1, 21, 4, 0.1), ("temp_stator", "°C", 1, 55, 10, 0.2), ("humidity", "%", 1, 45, 8, 0.3),
        ("torque", "Nm", 2, 24, 12, 1.5), ("motor_current", "A", 2, 3.2, 1.5, 0.2), ("vibration_rms", "g", 3, 0.4, 0.2, 0.05),
        ("acoustics_level", "dB", 1, 62, 6, 2), ("supply_voltage", "V", 2, 24, 0.2, 0.05),
    ];

    internal const string Meta = """{"firmware_ver":"1.2.3","sensor_id":"S-01"}""";

    /// <summary>The batches of one device, the oldest first, beginning at <paramref name="start"/>.</summary>
    internal static IEnumerable<GeneratedBatch> Make(int device, int batches, DateTimeOffset start, int seed)
    {
        var random = new Random(seed + device);
        for (var b = 0; b < batches; b++)
        {
            var points = new GeneratedPoint[RecordsABatch];
            var text = new StringBuilder("[");
            for (var i = 0; i < RecordsABatch; i++)
            {
                var n = b * RecordsABatch + i;
                var ts = start.AddMilliseconds(n / Series.Length * 100);
                var s = n % Series.Length;
                var (metric, unit, decimals, level, swing, noise) = Series[s];
                var value = Math.Round(level + swing * Math.Sin(n / 40_000.0) + noise * (random.NextDouble() - 0.5), decimals);
                points[i] = new GeneratedPoint((ts.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond, s, value);
                text.Append(i == 0 ? "" : ",").Append(CultureInfo.InvariantCulture,
                    $$"""{"ts":"{{ts:yyyy-MM-ddTHH:mm:ss.fffZ}}","asset_id":"DOOR-1","series":"{{metric}}","val":{{value:R}},"unit":"{{unit}}","meta":{{Meta}}}""");
            }

            var body = ContentCodec.Encode(ContentCoding.Gzip, Encoding.UTF8.GetBytes(text.Append(']').ToString()));
            yield return new GeneratedBatch(device, Guid.NewGuid(), body, Convert.ToHexStringLower(SHA256.HashData(body)), points);
        }
    }
}
