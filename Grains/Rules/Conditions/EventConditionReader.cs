using EsoCore.Wire;

namespace EsoCore.Grains.Rules.Conditions;

/// <summary>Reads what an event rule asks for.</summary>
internal static class EventConditionReader
{
    private static readonly ImmutableArray<string> SeverityWords = [.. Enum.GetValues<Severity>().Select(Severities.NameOf)];

    internal static EventCondition Read(ConditionForm form)
    {
        var (types, categories) = (form.Texts("types"), form.Texts("categories"));
        Severity? severity = form.Has("min_severity") && form.OneOf("min_severity", SeverityWords, null) is { } word
            && Severities.TryParse(word, out var parsed) ? parsed : null;
        if (types.IsEmpty && categories.IsEmpty && !form.Has("min_severity"))
            form.Fault("types", "is required unless categories or min_severity is given");
        var count = (int)(form.Whole("count", 1, RuleLimits.MaxCount) ?? 1);
        var within = form.Seconds("within_s", RuleLimits.MinPeriod, RuleLimits.MaxWithin, required: count > 1);
        if (form.Has("within_s") && !form.Has("count"))
            form.Fault("within_s", "goes with count");
        var lasting = form.Seconds("lasting_s", TimeSpan.Zero, RuleLimits.MaxWithin);
        var restoredBy = form.Has("restored_by") ? form.Texts("restored_by") : Known(types);
        if (count > 1 && lasting > TimeSpan.Zero)
            form.Fault("lasting_s", "does not go with a count");
        if (lasting > TimeSpan.Zero && restoredBy.IsEmpty)
            form.Fault("lasting_s", "needs events that end it: name them in restored_by");
        if (restoredBy.Intersect(types).Any())
            form.Fault("restored_by", "must not name an event of types");
        return new EventCondition(
            types, categories, severity, [.. form.Children("where", RuleLimits.MaxPredicates).Select(ReadPredicate)],
            form.Flag("outside_operating_hours", otherwise: false), count, within ?? TimeSpan.Zero, lasting ?? TimeSpan.Zero, restoredBy,
            form.Text("same", required: false));
    }

    /// <summary>The event that is known to end all of these, if they have it in common.</summary>
    private static ImmutableArray<string> Known(ImmutableArray<string> types)
    {
        var restoring = types.Select(type => KnownEvents.TryFind(type, out var known) ? known.RestoredBy : null).Distinct().ToList();
        return restoring is [{ } one] ? [one] : [];
    }

    private static MetaPredicate ReadPredicate(ConditionForm form)
    {
        var read = new MetaPredicate(
            form.Text("meta", required: true) ?? "", form.Texts("types"), form.Level("above"), form.Level("below"), form.Texts("one_of"),
            form.Flag("if_unknown", otherwise: false));
        if (!form.Has("above") && !form.Has("below") && !form.Has("one_of"))
            form.Fault("above", "is required unless below or one_of is given");
        form.End();
        return read;
    }
}
