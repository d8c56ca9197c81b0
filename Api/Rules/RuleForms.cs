using EsoCore.Rules;

namespace EsoCore.Api;

/// <summary>Reads rules. What they may hold is the rule's grain to say; here only types are looked at.</summary>
internal static class RuleForms
{
    private const int MaxItems = 1_000;
    private const double MaxSeconds = 1e9;
    private static readonly TimeSpan DefaultReopen = TimeSpan.FromHours(1);

    /// <summary>Reads a rule; what is absent stays as in <paramref name="current"/>, what is null is cleared.</summary>
    public static RuleDefinition Read(JsonForm form, RuleDefinition? current)
    {
        if (current is null && !form.Has("condition"))
            form.Fault("condition", "is required: an object with a type");
        return new RuleDefinition(
            form.Text("name", 1_024, required: current is null || form.IsNull("name")) ?? current?.Name ?? "",
            form.IsNull("description") ? null : form.Text("description", 8_192) ?? current?.Description,
            form.Flag("enabled") ?? current?.Enabled ?? true,
            form.IsNull("scope") ? RuleScope.All : form.Child("scope") is { } scope ? ReadScope(scope) : current?.Scope ?? RuleScope.All,
            form.IsNull("subject") ? SubjectKind.Device : ReadSubject(form) ?? current?.Subject ?? SubjectKind.Device,
            form.Raw("condition") is { } condition ? new JsonText(condition.GetRawText()) : current?.Condition ?? JsonText.EmptyObject,
            form.IsNull("severity") ? null : form.Text("severity", 64) ?? current?.Severity,
            form.IsNull("reopen_within_s") ? DefaultReopen : Seconds(form, "reopen_within_s") ?? current?.ReopenWithin ?? DefaultReopen,
            form.IsNull("resolve_after_s") ? null : Seconds(form, "resolve_after_s") ?? current?.ResolveAfter,
            form.IsNull("actions") ? [] : form.Children("actions", MaxItems) is { } actions ? ReadActions(actions)
                : current?.Actions ?? []);
    }

    private static SubjectKind? ReadSubject(JsonForm form)
    {
        if (form.Text("subject", 64) is not { } text)
            return null;
        foreach (var kind in Enum.GetValues<SubjectKind>())
        {
            if (text == kind.ToString().ToLowerInvariant())
                return kind;
        }

        form.Fault("subject", "must be device, asset, site or project");
        return null;
    }

    private static RuleScope ReadScope(JsonForm form) => new(
        Texts(form, "sites"), Texts(form, "models"), ReadDevices(form),
        form.TextMap("tags", Ids.MaxLength) ?? ImmutableSortedDictionary<string, string>.Empty, Texts(form, "assets"),
        Texts(form, "asset_types"));

    private static ImmutableArray<Guid> ReadDevices(JsonForm form)
    {
        var ids = ImmutableArray.CreateBuilder<Guid>();
        foreach (var (at, text) in Texts(form, "devices").Index())
        {
            if (Ids.TryParse(text, out var id))
                ids.Add(id);
            else
                form.Fault($"devices[{at}]", "must be a UUID");
        }

        return ids.ToImmutable();
    }

    private static ImmutableArray<RuleAction> ReadActions(ImmutableArray<JsonForm> forms)
    {
        var actions = ImmutableArray.CreateBuilder<RuleAction>();
        foreach (var form in forms)
        {
            RuleAction? action = form.Text("type", 64, required: true) switch
            {
                RuleActionBody.Notify => new NotifyAction(Texts(form, "to"), Texts(form, "via")),
                RuleActionBody.Escalate => new EscalateAction(
                    form.Text("policy", 1_024), Seconds(form, "after_s"), Texts(form, "to"), Texts(form, "via")),
                RuleActionBody.Ticket => new TicketAction(
                    form.Text("kind", 64, required: true) ?? "", Seconds(form, "due_in_s") ?? TimeSpan.Zero, form.Text("title", 1_024)),
                RuleActionBody.DisableSensorAlerts => new DisableSensorAlertsAction(),
                _ => null,
            };
            if (action is not null)
                actions.Add(action);
            else if (form.Has("type"))
                form.Fault("type", "must be notify, escalate, ticket or disable_sensor_alerts");
        }

        return actions.ToImmutable();
    }

    private static ImmutableArray<string> Texts(JsonForm form, string name) => form.TextList(name, MaxItems, 1_024) ?? [];

    private static TimeSpan? Seconds(JsonForm form, string name)
    {
        if (form.Number(name) is not { } seconds)
            return null;
        if (seconds is >= 0 and <= MaxSeconds)
            return TimeSpan.FromSeconds(seconds);
        form.Fault(name, "must be a number of seconds, 0 or more");
        return null;
    }
}
