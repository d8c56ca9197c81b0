using System.Globalization;

namespace EsoCore.Tests.Devices;

/// <summary>Records in the first dialect.</summary>
internal static class Records
{
    internal static readonly DateTimeOffset Start = new(2025, 1, 15, 10, 0, 0, TimeSpan.Zero);

    internal static string At(double second) => Start.AddSeconds(second).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);

    internal static string Point(string series, double second, double value, string? asset = null, string meta = "{}") =>
        $$"""{"ts":"{{At(second)}}","series":"{{series}}","val":{{value.ToString("R", CultureInfo.InvariantCulture)}},"unit":"u","asset_id":{{(asset is null ? "null" : $"\"{asset}\"")}},"meta":{{meta}}}""";

    internal static string Event(string name, double second, string? asset = null, string meta = "{}") =>
        $$"""{"ts":"{{At(second)}}","series":"{{name}}","val":null,"unit":null,"asset_id":{{(asset is null ? "null" : $"\"{asset}\"")}},"meta":{{meta}}}""";

    internal static string Window(string series, double second, double rms) =>
        $$$"""{"ts":"{{{At(second)}}}","series":"{{{series}}}","window_s":4,"stats":{"rms":{{{rms.ToString("R", CultureInfo.InvariantCulture)}}}},"samples":8000}""";
}
