using System.Collections.Immutable;
using EsoCore.Api;
using EsoCore.Config;
using EsoCore.Grains.Config;
using Xunit;

namespace EsoCore.Tests.Config;

public sealed class ConfigMergeTests
{
    [Fact]
    public void Overlay_NothingSet_IsTheDefaultsWithEveryPartThere()
    {
        var merged = ConfigMerge.Overlay(ConfigDefaults.Settings, null, ConfigSettings.Empty);
        Assert.Equal(ConfigDefaults.Settings, merged);
        Assert.Empty(merged.SamplingRates!);
        Assert.Empty(merged.NtpServers!.Value);
        Assert.Equal(300, merged.UploadIntervalS);
    }

    [Fact]
    public void Overlay_ObjectsOnEveryLevel_AreMergedKeyByKey()
    {
        var profile = new ConfigSettings(SamplingRates: Rates(("temp", 1), ("torque", 100)), Thresholds: Values(("max_torque_nm", "40")));
        var own = new ConfigSettings(SamplingRates: Rates(("torque", 0), ("sound", 8)), Thresholds: Values(("max_torque_nm", "null")));
        var merged = ConfigMerge.Overlay(ConfigDefaults.Settings, profile, own);
        Assert.Equal(Rates(("sound", 8), ("temp", 1), ("torque", 0)), merged.SamplingRates!);
        Assert.Equal("null", merged.Thresholds!["max_torque_nm"].Value);
    }

    [Fact]
    public void Overlay_ListsAndNumbers_AreReplacedAsAWhole()
    {
        var profile = new ConfigSettings(NtpServers: ["a.example", "b.example"], UploadIntervalS: 60);
        var merged = ConfigMerge.Overlay(ConfigDefaults.Settings, profile, new ConfigSettings(NtpServers: ImmutableArray<string>.Empty));
        Assert.Empty(merged.NtpServers!.Value);
        Assert.Equal(60, merged.UploadIntervalS);
    }

    [Fact]
    public void Overlay_LargestProfileAndLargestOverrides_FitIntoOneAnswerToADevice()
    {
        var merged = ConfigMerge.Overlay(
            ConfigDefaults.Settings, Filling("p", ConfigLimits.MaxProfileBytes), Filling("o", ConfigLimits.MaxOverridesBytes));
        Assert.InRange(ConfigJson.ToDevice(new DeviceConfig(long.MaxValue, merged)).Length, 1_700, 2_048);
    }

    /// <summary>Settings that take as many bytes as they may.</summary>
    private static ConfigSettings Filling(string key, int bytes)
    {
        var settings = new ConfigSettings();
        for (var length = bytes; settings.Extra is null; length--)
        {
            var errors = new List<FieldError>();
            var candidate = new ConfigSettings(Extra: Values((key, $"\"{new string('x', length)}\"")));
            ConfigValidator.Check(errors, candidate, "", bytes);
            settings = errors.Count == 0 ? candidate : settings;
        }

        return settings;
    }

    private static ImmutableSortedDictionary<string, double> Rates(params (string Metric, double Hz)[] rates) =>
        rates.ToImmutableSortedDictionary(r => r.Metric, r => r.Hz);

    private static ImmutableSortedDictionary<string, JsonText> Values(params (string Name, string Json)[] values) =>
        values.ToImmutableSortedDictionary(v => v.Name, v => new JsonText(v.Json));
}

public sealed class ConfigVersionsTests
{
    [Fact]
    public void InForce_NoProfile_IsTheOffset() => Assert.Equal(3, ConfigVersions.InForce(null, 3));

    [Theory]
    [InlineData(9, 0, 1, 10)]
    [InlineData(9, 0, 0, 10)]
    [InlineData(0, 5, 7, 12)]
    [InlineData(2, 4, 2, 7)]
    public void AfterModel_WhateverTheNewProfilesVersion_TheSumGoesUp(long before, long offset, long after, long expected)
    {
        var next = ConfigVersions.AfterModel(Profile(before), offset, Profile(after));
        Assert.True(next >= offset);
        Assert.Equal(expected, ConfigVersions.InForce(Profile(after), next));
    }

    [Fact]
    public void AfterModel_ThereAndBackAndEditsBetween_NeverGoesBack()
    {
        var random = new Random(7);
        var profiles = new long[] { 0, 3, 40 };
        var (model, offset, last) = (0, 0L, 0L);
        for (var step = 0; step < 10_000; step++)
        {
            var changed = true;
            switch (random.Next(3))
            {
                case 0:
                    profiles[random.Next(3)]++;
                    changed = false;
                    break;
                case 1:
                    offset = ConfigVersions.AfterOverrides(offset);
                    break;
                default:
                    var to = random.Next(3);
                    offset = ConfigVersions.AfterModel(Profile(profiles[model]), offset, Profile(profiles[to]));
                    model = to;
                    break;
            }

            var now = ConfigVersions.InForce(Profile(profiles[model]), offset);
            Assert.True(changed ? now > last : now >= last);
            last = now;
        }
    }

    private static Versioned<ConfigSettings>? Profile(long version) =>
        version == 0 ? null : new Versioned<ConfigSettings>("m", version, ConfigSettings.Empty);
}
