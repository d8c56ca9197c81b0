using System.Collections.Immutable;
using EsoCore.Grains.Sites;
using EsoCore.Sites;
using Xunit;

namespace EsoCore.Tests.Sites;

public sealed class SiteValidatorTests
{
    private static readonly SiteDefinition Good = new("Warehouse A", "1 Dock Road", "Europe/Berlin", null);

    [Fact]
    public void Validate_GoodSite_FindsNothing() =>
        Assert.Empty(SiteValidator.Validate("WAREHOUSE_A", Good with { OperatingHours = Hours("mon", ("06:00", "14:00"), ("14:00", "24:00")) }));

    [Theory]
    [InlineData("")]
    [InlineData("Mars/Olympus")]
    [InlineData(null)]
    public void Validate_UnknownTimeZone_IsAFault(string? zone) =>
        Assert.Equal("time_zone", Assert.Single(SiteValidator.Validate("a", Good with { TimeZone = zone! })).Field);

    [Fact]
    public void Validate_EverythingBad_NamesAllOfIt()
    {
        var errors = SiteValidator.Validate("a/b", new SiteDefinition(" ", new string('x', 513), "?", Hours("monday", ("6:00", "25:00"))));
        Assert.Equal(
            ["address", "id", "name", "operating_hours.monday", "operating_hours.monday[0].from", "operating_hours.monday[0].to", "time_zone"],
            errors.Select(e => e.Field).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("08:00", "08:00")]
    [InlineData("22:00", "06:00")]
    [InlineData("08:00", "24:01")]
    [InlineData("24:00", "24:00")]
    [InlineData("08:00:00", "09:00")]
    public void Validate_SpanThatIsNone_IsAFault(string from, string to) =>
        Assert.NotEmpty(SiteValidator.Validate("a", Good with { OperatingHours = Hours("sun", (from, to)) }));

    [Fact]
    public void Validate_SpansThatOverlap_IsAFault() =>
        Assert.Equal("operating_hours.sat[1].from", Assert.Single(
            SiteValidator.Validate("a", Good with { OperatingHours = Hours("sat", ("08:00", "12:00"), ("11:00", "13:00")) })).Field);

    private static ImmutableSortedDictionary<string, ImmutableArray<OpenHours>> Hours(string day, params (string From, string To)[] spans) =>
        ImmutableSortedDictionary<string, ImmutableArray<OpenHours>>.Empty.Add(day, [.. spans.Select(s => new OpenHours(s.From, s.To))]);
}
