using EsoCore.Devices;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Incidents;
using EsoCore.Wire;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>What the platform knows of a device at one moment.</summary>
/// <param name="OfflineSinceUs">When an offline device was heard last.</param>
/// <param name="DesiredFirmware">As the configuration names it, or null.</param>
internal sealed record DeviceFacts(
    bool Online,
    long OfflineSinceUs,
    SdHealth? Sd,
    Backlog? Backlog,
    string? ConfigError,
    long DesiredConfig,
    int ReportedConfig,
    string? DesiredFirmware,
    string? ReportedFirmware)
{
    internal static DeviceFacts Of(Twin twin, bool online, long lastSeenUs, long desiredConfig, string? desiredFirmware) => new(
        online, lastSeenUs, twin.Rare.Sd, twin.Rare.Backlog, twin.Rare.ConfigError, desiredConfig, twin.ReportedConfigVersion,
        desiredFirmware,
        twin.FirmwareVersion);
}

/// <summary>
/// Rules over the state of a device, and over metrics that fell silent: evaluated whenever the device is heard or found silent.
/// </summary>
internal static class StateRules
{
    private const string Key = "state";

    internal static void Evaluate(RuleRun run, DeviceFacts facts)
    {
        foreach (var rule in run.Rules.States)
            Follow(run, rule, Key, Judge((DeviceStateCondition)rule.Condition, facts, run.NowUs));
    }

    /// <summary>Evaluates the rules over missing data.</summary>
    internal static void EvaluateMissing(RuleRun run, Twin twin, bool online, AssetTypes types)
    {
        foreach (var rule in run.Rules.Missing)
        {
            var condition = (MissingDataCondition)rule.Condition;
            if (!online && !condition.EvenOffline)
            {
                // Offline devices send later what they measured: silence says nothing of the metric then, neither way.
                continue;
            }

            var newest = NewestOf(run, rule, condition, twin, types);
            if (condition.EvenOffline && Waits(run, rule, condition, newest, online))
                continue;
            var due = newest == long.MinValue ? long.MaxValue : condition.Due(newest);
            Follow(run, rule, $"m:{condition.Metric}", run.NowUs < due ? null : MissingOf(condition, due));
        }
    }

    private static long NewestOf(RuleRun run, CompiledRule rule, MissingDataCondition condition, Twin twin, AssetTypes types)
    {
        var newest = long.MinValue;
        for (var i = 0; i < twin.Series.Count; i++)
        {
            var series = twin.Series.Items[i].Key;
            if (series.Metric == condition.Metric && rule.Concerns(series.Asset, types) && !SensorMutes.IsMuted(run.Mutes, series))
                newest = Math.Max(newest, twin.Stands[i].MarkUs);
        }

        return newest;
    }

    /// <summary>
    /// Nobody looks at an offline device again. So the silence of its metric is told as it goes offline, with how long it must last: the
    /// incident waits for that by itself. Whether such an episode stands; the next record ends it.
    /// </summary>
    private static bool Waits(RuleRun run, CompiledRule rule, MissingDataCondition condition, long newestUs, bool online)
    {
        var key = $"mo:{condition.Metric}";
        if (run.Find(rule.Id, key) is { } held)
        {
            if (held.SinceUs == newestUs)
                return true;
            run.Replace(held, null);
            Tell(run, rule, held, new Finding(held.SinceUs, held.Cause!, null, null, "It is over."), run.NowUs);
            return false;
        }

        if (online || newestUs == long.MinValue || run.NowUs >= condition.Due(newestUs))
            return false;
        var finding = MissingOf(condition, newestUs);
        var level = LevelOf(run, rule, key, finding, told: true) with { HoldUs = (long)condition.Silent.TotalMicroseconds };
        if (run.Replace(null, level))
            Tell(run, rule, level, finding, null);
        return true;
    }

    /// <summary>Tells of data that was missing in the past: a trial's episode.</summary>
    internal static void TellMissing(RuleRun run, CompiledRule rule, MissingDataCondition condition, string key, long sinceUs, long? endUs)
    {
        var finding = MissingOf(condition, sinceUs);
        Tell(run, rule, LevelOf(run, rule, key, finding, told: true), finding, endUs);
    }

    /// <summary>
    /// When a rule over missing data must be looked at next, if nothing comes until then; <see cref="long.MaxValue"/> for never. What is
    /// due already was looked at, and what is held waits for data, not for time.
    /// </summary>
    internal static long NextDue(DeviceRules rules, Twin twin, long nowUs)
    {
        var next = long.MaxValue;
        foreach (var rule in rules.Missing)
        {
            var condition = (MissingDataCondition)rule.Condition;
            for (var i = 0; i < twin.Series.Count; i++)
            {
                if (twin.Series.Items[i].Key.Metric == condition.Metric && condition.Due(twin.Stands[i].MarkUs) is var due && due > nowUs)
                    next = Math.Min(next, due);
            }
        }

        return next;
    }

    private sealed record Finding(long SinceUs, string Cause, double? Value, double? Limit, string Text);

    /// <summary>
    /// Tells what came to hold, and what no longer does. What must last is waited for here, where every sign of life comes by; only for a
    /// silent device the incident waits.
    /// </summary>
    private static void Follow(RuleRun run, CompiledRule rule, string key, Finding? finding)
    {
        var held = run.Find(rule.Id, key);
        if (finding is null)
        {
            run.Replace(held, null);
            if (held is { Told: true })
                Tell(run, rule, held, new Finding(held.SinceUs, held.Cause!, held.Worst, null, "It is over."), run.NowUs);
            return;
        }

        if (held is { Told: true })
            return;
        var since = held?.SinceUs ?? finding.SinceUs;
        var wait = rule.Condition is DeviceStateCondition { State: not DeviceStateKind.Offline } state ? state.For : TimeSpan.Zero;
        var told = run.NowUs - since >= (long)wait.TotalMicroseconds;
        var level = LevelOf(run, rule, key, finding with { SinceUs = since }, told);
        if (held is not null && !told)
            return;
        if (run.Replace(held, level) && told)
            Tell(run, rule, level, finding, null);
    }

    private static Finding MissingOf(MissingDataCondition condition, long dueUs) => new(
        dueUs, $"metric:{condition.Metric}", null, null, $"No {condition.Metric} for {EpisodeTexts.Time(condition.Silent)}.");

    private static LevelState LevelOf(RuleRun run, CompiledRule rule, string key, Finding finding, bool told) => new(
        rule.Id, key, rule.Print, finding.SinceUs, told, finding.Value, 1, run.NowUs,
        run.Device.SubjectOf(rule.Definition.Subject, null).ToString(), finding.Cause,
        rule.Definition.Severity ?? Severities.NameOf(Severity.Medium), (long)HoldFor(rule).TotalMicroseconds);

    private static TimeSpan HoldFor(CompiledRule rule) =>
        rule.Condition is DeviceStateCondition { State: DeviceStateKind.Offline } state ? state.For : TimeSpan.Zero;

    private static TimeSpan HoldFor(CompiledRule rule, LevelState level) =>
        level.HoldUs > 0 ? TimeSpan.FromMicroseconds(level.HoldUs) : HoldFor(rule);

    private static void Tell(RuleRun run, CompiledRule rule, LevelState level, Finding finding, long? endUs) =>
        run.Tell(rule, level, new RuleEpisode(
            run.Device.EpisodeId(rule.Id, level.Key, level.SinceUs), rule.Version, Micros.ToTime(level.SinceUs),
            endUs is { } end ? Micros.ToTime(Math.Max(end, level.SinceUs)) : null, Lasts: true, HoldFor(rule, level), level.Severity!,
            finding.Cause, null, 1,
            finding.Value, finding.Limit, finding.Text, run.Device.Source(null), ""));

    private static Finding? Judge(DeviceStateCondition condition, DeviceFacts facts, long nowUs)
    {
        Finding Found(string cause, double? value, double? limit, string text, long? sinceUs = null) =>
            new(sinceUs ?? nowUs, cause, value, limit, text);

        switch (condition.State)
        {
            case DeviceStateKind.Offline:
                const string Silent = "The device has not been heard for longer than its upload interval.";
                return facts.Online ? null : Found("device_offline", null, null, Silent, facts.OfflineSinceUs);
            case DeviceStateKind.ConfigError:
                return facts.ConfigError is { } error
                    ? Found("config_error", null, null, $"The device could not apply its configuration: {error}") : null;
            case DeviceStateKind.LowDisk:
                return JudgeDisk(condition, facts.Sd, Found);
            case DeviceStateKind.SyncBacklog:
                return JudgeBacklog(condition, facts.Backlog, nowUs, Found);
            default:
                if (condition.Of.HasFlag(MismatchOf.Config) && facts.ReportedConfig >= 0 && facts.ReportedConfig != facts.DesiredConfig)
                    return Found("firmware_mismatch", facts.ReportedConfig, facts.DesiredConfig,
                        $"The device runs configuration {facts.ReportedConfig} instead of {facts.DesiredConfig}.");
                return condition.Of.HasFlag(MismatchOf.Firmware) && facts.DesiredFirmware is { } desired
                    && facts.ReportedFirmware is { } reported && desired != reported
                    ? Found("firmware_mismatch", null, null, $"The device runs firmware {reported} instead of {desired}.") : null;
        }
    }

    private static Finding? JudgeDisk(
        DeviceStateCondition condition, SdHealth? sd, Func<string, double?, double?, string, long?, Finding> found)
    {
        if (condition.UsedPercent is { } limit && sd is { UsedBytes: { } used, TotalBytes: > 0 and { } total }
            && 100.0 * used / total is var percent && percent > limit)
            return found("low_disk", percent, limit,
                $"The card is {EpisodeTexts.Number(percent)} % full; the limit is {EpisodeTexts.Number(limit)} %.", null);
        return condition.HealthBelow is { } least && sd?.HealthPercent is { } health && health < least
            ? found("low_disk", health, least,
                $"The card's health is {EpisodeTexts.Number(health)} %; the limit is {EpisodeTexts.Number(least)} %.", null) : null;
    }

    private static Finding? JudgeBacklog(
        DeviceStateCondition condition, Backlog? backlog, long nowUs, Func<string, double?, double?, string, long?, Finding> found)
    {
        if (condition.Records is { } records && backlog?.Records > records)
            return found("sync_backlog", backlog.Records, records, $"{backlog.Records} records wait on the card; the limit is {records}.",
                null);
        if (condition.Bytes is { } bytes && backlog?.Bytes > bytes)
            return found("sync_backlog", backlog.Bytes, bytes, $"{backlog.Bytes} bytes wait on the card; the limit is {bytes}.", null);
        if (condition.Age is { } age && backlog?.OldestTs is { } oldest && TimeSpan.FromMicroseconds(nowUs - Micros.Of(oldest)) is var old
            && old > age)
            return found("sync_backlog", old.TotalSeconds, age.TotalSeconds,
                $"The oldest record on the card has waited for {EpisodeTexts.Time(old)}.", null);
        return null;
    }
}
