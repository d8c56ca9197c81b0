using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>Templates: what they can name, and what keeps a hostile one within bounds.</summary>
public sealed class TemplateTests
{
    private readonly TemplateRenderer _renderer = new();

    [Fact]
    public void BuiltIn_All_RenderTheirSample()
    {
        foreach (var (id, template) in DefaultTemplates.All)
        {
            var kind = id[(id.IndexOf('.') + 1)..];
            var text = _renderer.Render(id, null, TemplateContext.Sample(kind));
            Assert.Null(text.Fault);
            Assert.StartsWith("[critical] ", text.Subject);
            Assert.DoesNotContain("{{", text.Text);
            Assert.Contains(id == "sms.group" ? "Power outage at DOOR-2 SN-1001; Connection lost at SN-1002" : "Mains voltage", text.Text);
            Assert.Empty(_renderer.Faults(template));
        }

        Assert.Equal(ChannelKinds.All.Length * 7, DefaultTemplates.All.Count);
    }

    [Fact]
    public void Render_EventContext_IsThere()
    {
        var own = new TemplateDefinition("{{incident.device.serial}}\r\nBcc: x@y",
            "{{incident.meta.main_voltage}} V < {{incident.limit}} & {{incident.site_id}}");
        var text = _renderer.Render("email.opened", own, TemplateContext.Sample("opened"));
        Assert.Equal(("SN-1001  Bcc: x@y", "0 V < 180 & WAREHOUSE_A", null), (text.Subject, text.Text, text.Fault));
    }

    [Theory]
    [InlineData("SN-1", "DOOR-2", "1.2.3", "Device: SN-1 (DOOR-2, firmware 1.2.3)\n")]
    [InlineData("SN-1", "DOOR-2", null, "Device: SN-1 (DOOR-2)\n")]
    [InlineData("SN-1", "", "1.2.3", "Device: SN-1 (firmware 1.2.3)\n")]
    [InlineData("SN-1", "", null, "Device: SN-1\n")]
    [InlineData("", "", "", "Device: 0193f2a0-0000-7000-8000-000000000007\n")]
    public void BuiltIn_DeviceOfWhichLittleIsKnown_IsNamedByThat(string serial, string model, string? firmware, string line)
    {
        var device = new Guid("0193f2a0-0000-7000-8000-000000000007");
        var source = new EsoCore.Incidents.EpisodeSource(device, serial, model, firmware, null, null);
        var incident = Notices.Incident() with { Source = source };
        var data = TemplateContext.Of("team:it", [Notices.Of(incident)], 1, [], "", MessageBounds.Of("email"));
        Assert.Contains(line, _renderer.Render("email.opened", null, data).Text);
    }

    [Fact]
    public void Render_Code_IsNotReached()
    {
        var own = new TemplateDefinition("x", "{{title.GetType.Assembly}}{{incident.GetType}}{{notices.Capacity}}");
        var text = _renderer.Render("email.opened", own, TemplateContext.Sample("opened"));
        Assert.DoesNotContain("System", text.Text);
    }

    [Theory]
    [InlineData("{{> self}}")]
    [InlineData("{{#> self}}{{/self}}")]
    [InlineData("{{#*inline \"x\"}}{{/inline}}")]
    [InlineData("{{{{raw}}}} {{{{/raw}}}}")]
    [InlineData("{{#each notices}}{{#each ../notices}}{{#each ../../notices}}x{{/each}}{{/each}}{{/each}}")]
    [InlineData("{{#notices}}{{#notices}}{{#notices}}x{{/notices}}{{/notices}}{{/notices}}")]
    [InlineData("{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{#if a}}{{/if}}")]
    [InlineData("{{#if severity}}")]
    [InlineData("{{#each notices}}{{! {{/each}} }}{{/each}}")]
    [InlineData("{{!-- }} {{#if severity}} --}}x{{!-- {{/if}} --}}")]
    [InlineData(@"x\{{title}}")]
    [InlineData("{{#if (a (a (a (a (a title)))))}}x{{/if}}")]
    [InlineData("{{lookup title \"}}{{\" (a (a (a (a title))))}}")]
    [InlineData(@"{{lookup title ""\""}}")]
    [InlineData("{{nothing here}}")]
    [InlineData("{{")]
    public void Faults_WhatIsNoTemplateOrUnbounded_IsRefusedAndNeverStopsAMessage(string text)
    {
        Assert.NotEmpty(_renderer.Faults(new TemplateDefinition("s", text)));
        var rendered = _renderer.Render("email.opened", new TemplateDefinition("s", text), TemplateContext.Sample("opened"));
        Assert.NotNull(rendered.Fault);
        Assert.Contains("Mains voltage", rendered.Text);
    }

    [Fact]
    public void Faults_SubexpressionsWithoutEnd_AreRefusedBeforeTheyAreCompiled()
    {
        const int Depth = 2_000; // As many as a template's text holds.
        var text = $"{{{{#if {string.Concat(Enumerable.Repeat("(a ", Depth))}title{new string(')', Depth)}}}}}x{{{{/if}}}}";
        Assert.Contains("opening parentheses", Assert.Single(_renderer.Faults(new TemplateDefinition("s", text))).Message);
        Assert.Contains("opening parentheses", _renderer.Render("email.opened", new("s", text), TemplateContext.Sample("opened")).Fault);
    }

    [Fact]
    public void Render_BuiltInTextThatIsTooLong_KeepsWhatFits()
    {
        var data = TemplateContext.Sample("group");
        var notice = ((System.Collections.IEnumerable)data["notices"]!).Cast<Dictionary<string, object?>>().First();
        var incident = (Dictionary<string, object?>)notice["incident"]!;
        var notices = Enumerable.Range(1, 20).Select(i => (object)new Dictionary<string, object?>(notice)
        {
            ["incident"] = new Dictionary<string, object?>(incident) { ["title"] = $"Outage {i}", ["text"] = new string('x', 4_096) },
        });
        data["notices"] = notices.ToList();
        var text = _renderer.Render("email.group", null, data);
        Assert.Null(text.Fault);
        Assert.Equal(NotificationLimits.Text, text.Text.Length);
        Assert.Contains("Outage 3", text.Text);
        Assert.EndsWith("x…", text.Text);
    }

    [Fact]
    public void Render_ListsThatWriteNothing_EndAtTheirLimit()
    {
        var own = new TemplateDefinition("s", "x{{#each notices}}{{#each ../notices}}{{#if nothing}}x{{/if}}{{/each}}{{/each}}");
        var data = TemplateContext.Of(
            "team:it", [.. Enumerable.Repeat(Notices.Of(Notices.Incident()), 101)], 101, [], "",
            MessageBounds.Of("email") with { InFull = 101 });
        Assert.Contains("more than 10000 entries", _renderer.Render("email.group", own, data).Fault);
    }

    [Fact]
    public void Render_CommentsIndexesAndMaps_AreThere()
    {
        var own = new TemplateDefinition("s",
            "{{! a }}{{!-- b }} --}}{{notices.[0].kind}} "
            + "{{#each incident.meta}}{{@key}}={{this}}{{/each}} {{#notices}}{{kind}}{{/notices}}");
        var text = _renderer.Render("email.opened", own, TemplateContext.Sample("opened"));
        Assert.Equal(("opened main_voltage=0 opened", null), (text.Text, text.Fault));
    }

    [Fact]
    public void Render_TextThatGrowsBeyondAMessage_FallsBack()
    {
        var own = new TemplateDefinition("s", "{{#each notices}}{{#each ../notices}}" + new string('x', 8_000) + "{{/each}}{{/each}}");
        var text = _renderer.Render("email.group", own, TemplateContext.Sample("group"));
        Assert.Contains("grows beyond", text.Fault);
    }
}
