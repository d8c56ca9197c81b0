using EsoCore.Grains.Incidents;
using EsoCore.Rules;
using Xunit;

namespace EsoCore.Tests.Incidents;

public sealed class RuleFactsTests
{
    [Theory]
    [InlineData("""{"type":"devices","count":5,"within_s":600,"of":{}}""", 5, 600)]
    [InlineData("""{"type":"devices","count":5}""", 5, 300)]
    [InlineData("""{"type":"event","count":5,"within_s":600}""", 1, 0)]
    [InlineData("""{"type":"devices","count":-3,"within_s":1e99}""", 1, 86_400)]
    [InlineData("[]", 1, 0)]
    [InlineData("not json", 1, 0)]
    public void Read_ACondition_TakesWhatItSaysOfDevices(string condition, int devices, int withinS)
    {
        var rule = Episodes.Rule() with { Subject = SubjectKind.Site, Condition = new JsonText(condition) };
        var facts = new ConditionFactsReader().Read(rule);
        Assert.Equal((devices, TimeSpan.FromSeconds(withinS)), (facts.Devices, facts.Within));
        Assert.Equal(1, new ConditionFactsReader().Read(rule with { Subject = SubjectKind.Device }).Devices);
    }
}
