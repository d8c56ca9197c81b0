using System.Collections.Immutable;
using System.Text.Json;
using EsoCore.Api;
using EsoCore.Config;
using EsoCore.Grains.Config;
using EsoCore.Projects;
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

    [Fact]
    public void Scale_OfThreeLevels_IsTheLowest_AndTheRatesFollow()
    {
        var profile = new ConfigSettings(SamplingRates: Rates(("temp", 1), ("torque", 1_000), ("off", 0)), SamplingScale: 0.5);
        var merged = ConfigMerge.Overlay(ConfigDefaults.Settings, profile, new ConfigSettings(SamplingScale: 0.8));
        var scaled = ConfigMerge.Scale(merged, installationScale: 0.333);
        Assert.Equal(0.333, scaled.SamplingScale);
        Assert.Equal(Rates(("off", 0), ("temp", 0.333), ("torque", 333)), scaled.SamplingRates!);
        Assert.Equal(0.5, ConfigMerge.Scale(merged, 1).SamplingScale);
    }

    [Fact]
    public void Scale_AllOfIt_LeavesTheRatesAsTheyWereSetAndSaysNothing()
    {
        var profile = new ConfigSettings(SamplingRates: Rates(("temp", 1.23456)), SamplingScale: 1);
        var merged = ConfigMerge.Overlay(ConfigDefaults.Settings, profile, null);
        var scaled = ConfigMerge.Scale(merged, 1);
        Assert.Null(scaled.SamplingScale);
        Assert.Equal(1.23456, scaled.SamplingRates!["temp"]);
    }

    [Theory]
    [InlineData(9E-99, 0.0123)]
    [InlineData(double.Epsilon, 0.01)]
    [InlineData(0.00123, 0.333)]
    [InlineData(99_999, 0.999)]
    public void Scale_OfAnyRate_LeavesItAbove0AndNoLongerThanItWasCountedFor(double rate, double scale)
    {
        var scaled = ConfigMerge.Scale(new ConfigSettings(SamplingRates: Rates(("r", rate))), scale).SamplingRates!["r"];
        Assert.True(scaled > 0);
        Assert.InRange(JsonSerializer.Serialize(scaled).Length, 1, ConfigLimits.MinRateBytes);
    }

    [Theory]
    [InlineData(0.333)]
    [InlineData(0.01)]
    [InlineData(0.012345678901234568)]
    public void Scale_LargestSettingsFullOfRates_StillFitIntoOneAnswerToADevice(double scale)
    {
        var profile = FullOfRates("p", ConfigLimits.MaxProfileBytes);
        var own = FullOfRates("o", ConfigLimits.MaxOverridesBytes);
        var merged = ConfigMerge.Scale(ConfigMerge.Overlay(ConfigDefaults.Settings, profile, own), scale);
        Assert.InRange(ConfigJson.ToDevice(new DeviceConfig(long.MaxValue, merged)).Length, 1_300, 2_048);
    }

    /// <summary>As many rates as settings of that size may hold, and text to fill the rest.</summary>
    private static ConfigSettings FullOfRates(string key, int bytes)
    {
        double[] rates = [7, 0.00123, 9E-99];
        var best = new ConfigSettings();
        for (var count = 1; count <= ConfigLimits.MaxKeys; count++)
        {
            for (var filling = bytes; filling >= 0; filling -= 8)
            {
                var candidate = new ConfigSettings(
                    SamplingRates: Rates([.. Enumerable.Range(0, count).Select(i => ($"{key}{i}", rates[i % rates.Length]))]),
                    Extra: Values((key, $"\"{new string('x', filling)}\"")));
                var errors = new List<FieldError>();
                ConfigValidator.Check(errors, candidate, "", bytes);
                if (errors.Count > 0)
                    continue;
                best = candidate;
                break;
            }
        }

        return best;
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
    public void InForce_NoProfile_IsTheOffset() => Assert.Equal(3, ConfigVersions.InForce(null, Installation(0), 3));

    [Theory]
    [InlineData(9, 0, 1, 10)]
    [InlineData(9, 0, 0, 10)]
    [InlineData(0, 5, 7, 12)]
    [InlineData(2, 4, 2, 7)]
    public void AfterModel_WhateverTheNewProfilesVersion_TheSumGoesUp(long before, long offset, long after, long expected)
    {
        var next = ConfigVersions.AfterModel(Profile(before), offset, Profile(after));
        Assert.True(next >= offset);
        Assert.Equal(expected, ConfigVersions.InForce(Profile(after), Installation(0), next));
    }

    [Fact]
    public void AfterModel_ThereAndBackAndEditsBetween_NeverGoesBack()
    {
        var random = new Random(7);
        var profiles = new long[] { 0, 3, 40 };
        var (model, offset, installation, last) = (0, 0L, 0L, 0L);
        for (var step = 0; step < 10_000; step++)
        {
            var changed = true;
            switch (random.Next(4))
            {
                case 3:
                    installation++;
                    break;
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

            var now = ConfigVersions.InForce(Profile(profiles[model]), Installation(installation), offset);
            Assert.True(changed ? now > last : now >= last);
            last = now;
        }
    }

    private static Versioned<InstallationSettings> Installation(long version) => new("installation", version, new InstallationSettings());

    private static Versioned<ConfigSettings>? Profile(long version) =>
        version == 0 ? null : new Versioned<ConfigSettings>("m", version, ConfigSettings.Empty);
}
