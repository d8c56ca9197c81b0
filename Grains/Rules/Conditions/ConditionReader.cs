using System.Text.Json;
using EsoCore.Wire;

namespace EsoCore.Grains.Rules.Conditions;

/// <summary>Reads a condition from its JSON, whose schema is published at <c>/api/rules/schema</c>. Every fault is named.</summary>
internal static class ConditionReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = RuleLimits.MaxDepth, AllowDuplicateProperties = false };

    private static readonly ImmutableArray<string> Types =
    [
        "threshold", "rate_of_change", "missing_data", "window_statistic", "event", "devices", "device_state", "anomaly",
        "fleet_pattern",
    ];

    /// <summary>The condition, or null with faults added.</summary>
    internal static Condition? Read(JsonText text, List<FieldError> errors, string path = "condition")
    {
        if (text.ToString().Length > RuleLimits.MaxConditionLength)
        {
            errors.Add(new FieldError(path, $"must be at most {RuleLimits.MaxConditionLength} characters"));
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text.ToString(), Options);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return Read(new ConditionForm(document.RootElement, path, errors), errors, nested: false);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Half a surrogate pair in a text surfaces as InvalidOperationException.
        }

        errors.Add(new FieldError(path, "must be a JSON object with a type"));
        return null;
    }

    /// <summary>The condition of a rule that was validated before; throws for another.</summary>
    internal static Condition Read(JsonText text)
    {
        var errors = new List<FieldError>();
        return Read(text, errors) ?? throw new FormatException($"{errors[0].Field} {errors[0].Message}");
    }

    private static Condition? Read(ConditionForm form, List<FieldError> errors, bool nested)
    {
        var before = errors.Count;
        var type = form.OneOf("type", nested ? ["event", "device_state"] : Types, null);
        Condition? read = type switch
        {
            "threshold" => new ThresholdCondition(Metric(form), ReadLimits(form), For(form)),
            "rate_of_change" => ReadRate(form),
            "missing_data" => new MissingDataCondition(
                Metric(form), form.Seconds("silent_s", RuleLimits.MinPeriod, RuleLimits.MaxWithin, required: true) ?? default,
                form.Flag("even_offline", otherwise: false)),
            "window_statistic" => ReadStatistic(form),
            "event" => EventConditionReader.Read(form),
            "devices" => ReadDevices(form, errors),
            "device_state" => ReadState(form),
            "anomaly" => ReadAnomaly(form),
            "fleet_pattern" => FleetPatternCondition.Read(form),
            _ => null,
        };
        if (type is not null)
            form.End();
        return errors.Count == before ? read : null;
    }

    private static string Metric(ConditionForm form) => form.Text("metric", required: true) ?? "";

    private static TimeSpan For(ConditionForm form) => form.Seconds("for_s", TimeSpan.Zero, RuleLimits.MaxFor) ?? TimeSpan.Zero;

    private static Limits ReadLimits(ConditionForm form)
    {
        var limits = new Limits(form.Level("above"), form.Level("below"), form.Level("clear_above"), form.Level("clear_below"));
        if (!form.Has("above") && !form.Has("below"))
            form.Fault("above", "is required unless below is given");
        Order(form, limits.Below, limits.Above, "above", "must not be below the limit below");
        if (form.Has("clear_above") && !form.Has("above"))
            form.Fault("clear_above", "goes with above");
        if (form.Has("clear_below") && !form.Has("below"))
            form.Fault("clear_below", "goes with below");
        Order(form, limits.ClearAbove, limits.Above, "clear_above", "must not be higher than above");
        Order(form, limits.Below, limits.ClearBelow, "clear_below", "must not be lower than below");
        return limits;
    }

    /// <summary>Levels of one kind can be compared; a number and a rated value cannot, and are taken as they are.</summary>
    private static void Order(ConditionForm form, Level? low, Level? high, string field, string message)
    {
        if (low is not null && high is not null && low.Rated == high.Rated && low.Number > high.Number)
            form.Fault(field, message);
    }

    private static RateOfChangeCondition ReadRate(ConditionForm form) => new(
        Metric(form),
        ReadLimits(form),
        For(form),
        form.Seconds("period_s", RuleLimits.MinPeriod, RuleLimits.MaxPeriod, required: true) ?? default,
        form.OneOf("per", ["minute", "hour"], null) == "hour" ? TimeSpan.FromHours(1) : TimeSpan.FromMinutes(1));

    private static WindowStatisticCondition ReadStatistic(ConditionForm form)
    {
        var stat = form.OneOf("stat", WindowStatisticCondition.Statistics, null);
        var band = form.Text("band", required: stat == "bandpower");
        if (band is not null && stat is not null and not "bandpower")
            form.Fault("band", "goes with bandpower");
        var period = form.Seconds("period_s", RuleLimits.MinPeriod, RuleLimits.MaxPeriod);
        if (period is not null && stat == "bandpower")
            form.Fault("period_s", "does not go with bandpower, which only windows have");
        return new WindowStatisticCondition(Metric(form), ReadLimits(form), For(form), stat ?? "", band, period);
    }

    private static DevicesCondition? ReadDevices(ConditionForm form, List<FieldError> errors)
    {
        if (!form.Has("count"))
            form.Fault("count", "is required");
        if (!form.Has("of"))
            form.Fault("of", "is required");
        var count = form.Whole("count", 2, RuleLimits.MaxDevices) ?? 0;
        var within = form.Seconds("within_s", RuleLimits.MinPeriod, RuleLimits.MaxWithin, required: true) ?? default;
        return form.Child("of") is { } child && Read(child, errors, nested: true) is { } of ? new DevicesCondition((int)count, within, of)
            : null;
    }

    private static DeviceStateCondition ReadState(ConditionForm form)
    {
        var state = form.OneOf("state", ["offline", "sync_backlog", "low_disk", "firmware_mismatch", "config_error"], null) switch
        {
            "sync_backlog" => DeviceStateKind.SyncBacklog,
            "low_disk" => DeviceStateKind.LowDisk,
            "firmware_mismatch" => DeviceStateKind.FirmwareMismatch,
            "config_error" => DeviceStateKind.ConfigError,
            _ => DeviceStateKind.Offline,
        };
        var read = new DeviceStateCondition(state, For(form), null, null, null, null, null, MismatchOf.Config | MismatchOf.Firmware);
        switch (state)
        {
            case DeviceStateKind.SyncBacklog:
                if (!form.Has("records") && !form.Has("bytes") && !form.Has("age_s"))
                    form.Fault("records", "is required unless bytes or age_s is given");
                return read with
                {
                    Records = form.Whole("records", 1, long.MaxValue),
                    Bytes = form.Whole("bytes", 1, long.MaxValue),
                    Age = form.Seconds("age_s", RuleLimits.MinPeriod, RuleLimits.MaxWithin),
                };
            case DeviceStateKind.LowDisk:
                if (!form.Has("used_percent") && !form.Has("health_below"))
                    form.Fault("used_percent", "is required unless health_below is given");
                return read with { UsedPercent = form.Number("used_percent", 1, 100), HealthBelow = form.Number("health_below", 0, 100) };
            case DeviceStateKind.FirmwareMismatch:
                return form.OneOf("of", ["config", "firmware", "both"], "both") switch
                {
                    "config" => read with { Of = MismatchOf.Config },
                    "firmware" => read with { Of = MismatchOf.Firmware },
                    _ => read,
                };
            default:
                return read;
        }
    }

    private static AnomalyCondition? ReadAnomaly(ConditionForm form)
    {
        switch (form.OneOf("of", ["metric", "events", "forecast"], null))
        {
            case "metric":
                return new MetricAnomalyCondition(form.Texts("metrics"), form.Number("min_likelihood", 0.5, 1) ?? 0.5);
            case "events":
                var types = form.Texts("types");
                if (types.IsEmpty)
                    form.Fault("types", "must name at least one event");
                return new EventAnomalyCondition(
                    types, form.Number("max_probability", 1e-12, 0.1) ?? 1e-3, (int)(form.Whole("min_count", 1, 10_000) ?? 5));
            case "forecast":
                var (metric, above, below) = (Metric(form), form.Level("above"), form.Level("below"));
                if (form.Has("above") == form.Has("below"))
                    form.Fault("above", "or below is required, not both");
                var within = form.Seconds("within_s", TimeSpan.FromHours(1), RuleLimits.MaxForecast) ?? RuleLimits.DefaultForecast;
                return (above ?? below) is { } limit ? new ForecastCondition(metric, limit, above is not null, within) : null;
            default:
                return null;
        }
    }
}
