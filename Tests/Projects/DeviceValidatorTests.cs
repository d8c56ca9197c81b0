using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Projects;
using EsoCore.Projects;
using Xunit;

namespace EsoCore.Tests.Projects;

public sealed class DeviceValidatorTests
{
    private static readonly NewDevice Good = new("SN-1", "DOOR-2", "hall", Tags(("line", "3")), DeviceStatus.Active, false);

    [Fact]
    public void Validate_GoodDevice_FindsNothing() => Assert.Empty(DeviceValidator.Validate(Good));

    [Fact]
    public void Validate_EveryFieldBad_NamesAllOfThem()
    {
        var bad = new NewDevice(
            "", new string('m', 129), "a/b", Tags(("", "v"), ("k", new string('v', 129)), ("bell", "\a")), (DeviceStatus)9, false);
        var fields = DeviceValidator.Validate(bad).Select(e => e.Field).ToHashSet();
        Assert.Equal(["model", "serial", "site_id", "status", "tags.", "tags.bell", "tags.k"], fields.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Validate_TooManyTags_IsOneFault()
    {
        var tags = Enumerable.Range(0, DeviceRegistration.MaxTags + 1).ToImmutableSortedDictionary(i => $"k{i}", i => "v");
        Assert.Equal("tags", Assert.Single(DeviceValidator.Validate(Good with { Tags = tags })).Field);
    }

    [Theory]
    [InlineData(" x")]
    [InlineData("x ")]
    [InlineData("x\u0000")]
    public void Validate_SerialThatNobodyCouldType_IsAFault(string serial) =>
        Assert.Contains(DeviceValidator.Validate(Good with { Serial = serial }), e => e.Field == "serial");

    [Fact]
    public void Validate_HalfASurrogatePair_IsAFault() =>
        Assert.Contains(DeviceValidator.Validate(Good with { Serial = "a\ud800" }), e => e.Field == "serial");

    [Fact]
    public void Validate_ModelWithASlash_IsAFaultBecauseNoConfigProfileCouldBearItsName()
    {
        Assert.Equal("model", Assert.Single(DeviceValidator.Validate(Good with { Model = "DOOR/2" })).Field);
        Assert.Equal("model", Assert.Single(DeviceValidator.Validate(new RegistrationChange(Model: "DOOR/2"))).Field);
    }

    [Fact]
    public void ValidateChange_NothingSet_FindsNothing() => Assert.Empty(DeviceValidator.Validate(new RegistrationChange()));

    [Fact]
    public void ValidateChange_TakingTheDeviceFromItsSite_FindsNothing() =>
        Assert.Empty(DeviceValidator.Validate(new RegistrationChange(SiteId: "")));

    [Fact]
    public void ValidateChange_BadChannelAndOverrides_NamesBoth()
    {
        var change = new RegistrationChange(Channel: "nightly", Overrides: new ConfigSettings(UploadIntervalS: 0));
        Assert.Equal(["channel", "overrides.upload_interval_s"], DeviceValidator.Validate(change).Select(e => e.Field));
    }

    private static ImmutableSortedDictionary<string, string> Tags(params (string Key, string Value)[] tags) =>
        tags.ToImmutableSortedDictionary(t => t.Key, t => t.Value);
}
