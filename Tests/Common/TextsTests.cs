using System.Text.Json;
using EsoCore.Api;
using EsoCore.Grains.Incidents;
using EsoCore.Tests.Incidents;
using Xunit;

namespace EsoCore.Tests.Common;

/// <summary>Texts that are too long are cut where a character ends.</summary>
public sealed class TextsTests
{
    [Theory]
    [InlineData("", 3, "")]
    [InlineData("abc", 3, "abc")]
    [InlineData("abcd", 3, "ab…")]
    [InlineData("a😀b", 3, "a…")]
    [InlineData("a😀b", 4, "a😀b")]
    [InlineData("😀😀", 1, "…")]
    public void Cut_OfAText_KeepsItsBoundAndNoHalfCharacter(string text, int max, string expected) =>
        Assert.Equal(expected, Texts.Cut(text, max));

    [Fact]
    public void Problem_DetailTooLong_EndsInAnEllipsisWithinItsBound()
    {
        var most = new string('a', Problem.MaxDetail - 1);
        var problem = new Problem(400, "bad", most + "😀😀") { Errors = [new FieldError("name", most + "😀")] };
        var json = JsonDocument.Parse(problem.ToJson()).RootElement;
        Assert.Equal(most + "…", json.GetProperty("detail").GetString());
        Assert.Equal(most + "…", json.GetProperty("errors")[0].GetProperty("message").GetString());
    }

    [Fact]
    public void Incident_TextAndTitleTooLong_AreCutBetweenCharacters()
    {
        var (text, name) = (new string('a', IncidentLimits.MaxText - 2), new string('b', IncidentLimits.MaxTitle - 2));
        var h = new MachineHarness(Episodes.Rule(Episodes.Notify("team:maintenance")) with { Name = name + "😀" })
        {
            Now = Episodes.Ten.AddMinutes(1),
        };
        h.Take(Episodes.Episode("tampering", 0, null) with { Text = text + "😀😀" });
        Assert.Equal((text + "…", name + "…"), (h.Only.Text, h.Only.Title));
    }
}
