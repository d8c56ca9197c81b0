using System.Text;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Wire;

public sealed class KnownEventsTests
{
    [Theory]
    [InlineData("debug", Severity.Info)]
    [InlineData("INFO", Severity.Info)]
    [InlineData("low", Severity.Low)]
    [InlineData("Notice", Severity.Low)]
    [InlineData("medium", Severity.Medium)]
    [InlineData("warning", Severity.Medium)]
    [InlineData("high", Severity.High)]
    [InlineData("Error", Severity.High)]
    [InlineData("critical", Severity.Critical)]
    [InlineData("alert", Severity.Critical)]
    [InlineData("EMERGENCY", Severity.Critical)]
    public void TryParse_KnownWordInAnyCase_IsTaken(string word, Severity expected)
    {
        Assert.True(Severities.TryParse(word, out var fromText));
        Assert.True(Severities.TryParse(Encoding.UTF8.GetBytes(word), out var fromBytes));
        Assert.Equal((expected, expected), (fromText, fromBytes));
    }

    [Theory]
    [InlineData("")]
    [InlineData("fatal")]
    [InlineData("critical ")]
    [InlineData("a much longer word than any severity")]
    [InlineData("ınfo")]
    public void TryParse_AnotherWord_IsRefusedAsMedium(string word)
    {
        Assert.False(Severities.TryParse(word, out var fromText));
        Assert.False(Severities.TryParse(Encoding.UTF8.GetBytes(word), out var fromBytes));
        Assert.Equal((Severity.Medium, Severity.Medium), (fromText, fromBytes));
    }

    [Fact]
    public void NameOf_EverySeverity_ParsesBack()
    {
        foreach (var severity in Enum.GetValues<Severity>())
        {
            Assert.True(Severities.TryParse(Severities.NameOf(severity), out var parsed));
            Assert.Equal(severity, parsed);
        }
    }

    [Fact]
    public void All_PublishedNames_AreThereOnceWithTheirCategory()
    {
        Assert.Equal(29, KnownEvents.All.Count);
        Assert.Equal(29, KnownEvents.All.Select(e => e.Name).Distinct().Count());
        var categories = KnownEvents.All.CountBy(e => e.Category).ToDictionary();
        Assert.Equal(new Dictionary<string, int> { ["network"] = 4, ["power"] = 6, ["safety"] = 5, ["system"] = 7, ["security"] = 4, ["asset"] = 3 }, categories);
        Assert.All(KnownEvents.All, e => Assert.True(e.RestoredBy is null || KnownEvents.TryFind(e.RestoredBy, out _)));
    }

    [Fact]
    public void TryFind_EveryName_IsFoundByTextAndByBytes()
    {
        foreach (var known in KnownEvents.All)
        {
            Assert.True(KnownEvents.TryFind(known.Name, out var byText));
            Assert.True(KnownEvents.TryFind(Encoding.UTF8.GetBytes(known.Name), out var byBytes));
            Assert.Equal((known, known), (byText, byBytes));
        }
    }

    [Theory]
    [InlineData("temp_ambient")]
    [InlineData("")]
    [InlineData("Power_Outage")]
    [InlineData("power_outage_of_an_unheard_of_length")]
    public void TryFind_AnotherName_IsNotFound(string name)
    {
        Assert.False(KnownEvents.TryFind(name, out _));
        Assert.False(KnownEvents.TryFind(Encoding.UTF8.GetBytes(name), out _));
    }
}
