using System.Text;
using EsoCore.Devices;
using EsoCore.Grains.Telemetry;
using EsoCore.Telemetry;
using EsoCore.Wire;
using Microsoft.Extensions.Options;

namespace EsoCore.Tests.Telemetry;

/// <summary>Opens bodies as the device grain does.</summary>
internal sealed class DecodingHarness
{
    internal static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    internal DecodingHarness(Action<TelemetryOptions>? configure = null)
    {
        var options = new TelemetryOptions();
        configure?.Invoke(options);
        Budget = new DecodeBudget(Options.Create(options));
        Decoder = new BatchDecoder(Options.Create(options), Budget);
    }

    internal DecodeBudget Budget { get; }

    internal BatchDecoder Decoder { get; }

    internal OpenedBatch Open(string body, BatchFormat format = BatchFormat.Json, ContentCoding coding = ContentCoding.Identity) =>
        Open(Encoding.UTF8.GetBytes(body), format, coding);

    internal OpenedBatch Open(byte[] body, BatchFormat format = BatchFormat.Json, ContentCoding coding = ContentCoding.Identity) =>
        Decoder.Open(Upload(coding == ContentCoding.Identity ? body : ContentCodec.Encode(coding, body), format, coding));

    internal static BatchUpload Upload(byte[] body, BatchFormat format = BatchFormat.Json, ContentCoding coding = ContentCoding.Identity) => new(
        new DeviceCall(Now), Guid.Parse("11111111-2222-4333-8444-555555555555"),
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body)), format,
        coding == ContentCoding.Identity ? null : ContentCodec.NameOf(coding), body);
}
