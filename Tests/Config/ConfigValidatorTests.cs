using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Grains.Config;
using Xunit;

namespace EsoCore.Tests.Config;

public sealed class ConfigValidatorTests
{
    [Fact]
    public void Validate_GoodSettings_FindsNothing() => Assert.Empty(ConfigValidator.Validate(new ConfigSettings(
        SamplingRates: Numbers(("torque", 0), ("sound", 100_000)),
        WindowSizes: Numbers(("torque", 3_600), ("sound", 0.001)),
        Thresholds: Texts(("max", "[1,{\"a\":null}]")),
        NtpServers: ["pool.example", "10.0.0.1", "fd00::1"],
        Endpoints: ImmutableSortedDictionary<string, string>.Empty.Add("mqtt", "mqtts://broker.example:8883"),
        UploadIntervalS: 86_400,
        Extra: Texts(("led", "\"off\"")))));

    [Fact]
    public void Validate_EveryPartBad_NamesAllOfThem()
    {
        var errors = ConfigValidator.Validate(new ConfigSettings(
            SamplingRates: Numbers(("a", -1), ("b", 100_001), ("c", double.NaN)),
            WindowSizes: Numbers(("a", 0), ("b", 3_601)),
            Thresholds: Texts(("t", "{")),
            NtpServers: ["good.example", "no good"],
            Endpoints: ImmutableSortedDictionary<string, string>.Empty.Add("e", "/etc/passwd"),
            UploadIntervalS: 86_401,
            Extra: Texts(("thresholds", "1"))));
        Assert.Equal(
            [
                "endpoints.e", "extra.thresholds", "ntp_servers[1]", "sampling_rates.a", "sampling_rates.b", "sampling_rates.c",
                "thresholds.t", "upload_interval_s", "window_sizes.a", "window_sizes.b",
            ],
            errors.Select(e => e.Field).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Validate_TooManyOrTooLongKeys_AreFaults()
    {
        var many = Enumerable.Range(0, ConfigLimits.MaxKeys + 1).ToImmutableSortedDictionary(i => $"m{i}", _ => 1d);
        Assert.Contains(ConfigValidator.Validate(new ConfigSettings(SamplingRates: many)), e => e.Field == "sampling_rates");
        var key = new string('k', 129);
        Assert.Contains(ConfigValidator.Validate(new ConfigSettings(SamplingRates: Numbers((key, 1)))), e => e.Field == $"sampling_rates.{key}");
    }

    [Fact]
    public void Validate_NestedTooDeep_IsAFault()
    {
        var deep = new string('[', ConfigLimits.MaxDepth + 1) + new string(']', ConfigLimits.MaxDepth + 1);
        Assert.Equal("thresholds.d", Assert.Single(ConfigValidator.Validate(new ConfigSettings(Thresholds: Texts(("d", deep))))).Field);
    }

    [Fact]
    public void Validate_MoreThanADeviceHasRoomFor_IsAFault()
    {
        var settings = new ConfigSettings(Extra: Texts(("blob", $"\"{new string('x', ConfigLimits.MaxProfileBytes)}\"")));
        Assert.Contains("room", Assert.Single(ConfigValidator.Validate(settings)).Message);
    }

    private static ImmutableSortedDictionary<string, double> Numbers(params (string Key, double Value)[] values) =>
        values.ToImmutableSortedDictionary(v => v.Key, v => v.Value);

    private static ImmutableSortedDictionary<string, JsonText> Texts(params (string Key, string Json)[] values) =>
        values.ToImmutableSortedDictionary(v => v.Key, v => new JsonText(v.Json));
}
