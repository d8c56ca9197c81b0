using System.Text.Json;
using EsoCore.Config;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;
using EsoCore.History;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Rules;

/// <summary>What stands around a step of a device, beside its twin.</summary>
/// <param name="Profile">The settings of its model, or null.</param>
/// <param name="ConfigVersion">The version of the configuration in force.</param>
/// <param name="Online">Whether the device is heard.</param>
/// <param name="LastSeenUs">When it was heard last.</param>
/// <param name="NowUs">The server's time.</param>
internal sealed record RuleMoment(ConfigSettings? Profile, long ConfigVersion, bool Online, long LastSeenUs, long NowUs);

/// <summary>
/// Evaluates the rules of a device as part of a step: asks for what they need (stored events, operating hours, types of assets), lets the
/// pure evaluators judge, and writes the episodes among the step's transitions. A rule that fails stops nothing but itself.
/// </summary>
internal sealed class DeviceRuleRunner(
    RuleBooks books, RulePlaces places, IDeviceStore store, DetectorRows detectors, ILogger<DeviceRuleRunner> log)
{
    /// <summary>The further setting of a configuration that names the firmware devices should run.</summary>
    private const string FirmwareSetting = "firmware_version";

    /// <summary>How soon to look again at a device whose rules are not known.</summary>
    internal static readonly TimeSpan UnknownRetry = TimeSpan.FromMinutes(1);

    /// <summary>The rules that concern a device; null while they are not known, which is not the same as none.</summary>
    private async ValueTask<DeviceRules?> RulesOf(Guid deviceId, DeviceTraits traits)
    {
        try
        {
            return (await books.GetCompiled(traits.ProjectId)).Compiled.Of(traits, deviceId);
        }
        catch (Exception error)
        {
            log.LogWarning(error, "The rules of project {Project} cannot be read", traits.ProjectId);
            return null;
        }
    }

    /// <summary>After a batch was folded: the twin with what its rules remember, and what its detectors learnt.</summary>
    /// <param name="state">Before the batch.</param>
    /// <param name="folded">The twin after it.</param>
    /// <param name="events">The events accepted.</param>
    /// <exception cref="StorageUnavailableException">It has events, and the rules that judge them are not known.</exception>
    internal async ValueTask<(Twin Twin, DetectorSet? Detectors)> AfterBatch(
        Guid deviceId, DeviceState state, Twin folded, Intake intake, ImmutableArray<NewEvent> events, RuleMoment moment,
        TransitionWriter writer)
    {
        if (await RulesOf(deviceId, state.Traits) is not { } rules)
            return events.IsEmpty ? (folded, state.Detectors) : throw Unknown();
        var memory = folded.Rare.Rules;
        if (rules.All.IsEmpty && memory.IsEmpty)
            return (folded, state.Detectors);
        var run = NewRun(deviceId, state, folded, rules, moment);
        run.EndWithoutRule();
        var types = rules.NeedsAssetTypes
            ? await places.Types(state.Traits.ProjectId, AssetsOf(intake).Concat(AssetsWatched(rules, folded))) : AssetTypes.None;
        if (!events.IsEmpty)
            await Events(run, state, events, types);
        if (rules.HasPoints)
            Points(run, state.Twin, intake, types);
        if (rules.HasWindows && intake.Batch.Windows.Count > 0)
        {
            // Of a device that sent windows before any rule followed them, what is older than the newest is no news.
            if (run.Windows.IsEmpty && state.Twin.WindowMarkUs != Twin.Never)
                run.Windows = [new WindowMark("", state.Twin.WindowMarkUs)];
            Guarded("windows", () => WindowRules.Evaluate(run, Windows(intake), types));
        }

        AfterAny(run, folded, state, moment, types);
        var learnt = rules.Anomalies.IsEmpty ? state.Detectors : await Anomalies(run, deviceId, state, intake, events, types);
        return (Finish(run, folded, writer), learnt);
    }

    /// <summary>After any other step, and when silence is looked at: the twin with what its rules remember.</summary>
    /// <exception cref="StorageUnavailableException">It has events or is silent, and the rules that judge it are not known.</exception>
    internal async ValueTask<Twin> AfterStep(
        Guid deviceId, DeviceState state, Twin twin, ImmutableArray<NewEvent> events, RuleMoment moment, TransitionWriter writer)
    {
        if (await RulesOf(deviceId, state.Traits) is not { } rules)
            return events.IsEmpty && moment.Online ? twin : throw Unknown();
        if (rules.All.IsEmpty && twin.Rare.Rules.IsEmpty)
            return twin;
        var run = NewRun(deviceId, state, twin, rules, moment);
        run.EndWithoutRule();
        if (!events.IsEmpty)
            await Events(run, state, events, AssetTypes.None);
        var types = rules.MissingOfAssetTypes.IsEmpty ? AssetTypes.None
            : await places.Types(state.Traits.ProjectId, AssetsWatched(rules, twin));
        AfterAny(run, twin, state, moment, types);
        return Finish(run, twin, writer);
    }

    /// <summary>
    /// Ends what a device's rules hold of it because of what people did, not of what it told: nobody would tell its end otherwise. Needs no
    /// rules.
    /// </summary>
    /// <param name="state">Before the step.</param>
    /// <param name="which">What ends.</param>
    /// <param name="why">The reason, for the incidents' trail.</param>
    internal static Twin EndHeld(
        Guid deviceId, DeviceState state, Twin twin, DateTimeOffset now, Func<LevelState, bool> which, string why, TransitionWriter writer)
    {
        var run = new RuleRun(
            RuleDevice.Of(deviceId, state, twin.FirmwareVersion), DeviceRules.None, twin.Rare.Rules, RatedValues.None, Micros.Of(now));
        run.End(which, why);
        return Finish(run, twin, writer);
    }

    /// <summary>
    /// When the device must be looked at next although nothing was heard, because a rule over missing data may hold then; null for never.
    /// </summary>
    internal async ValueTask<DateTimeOffset?> NextLook(Guid deviceId, DeviceTraits traits, Twin twin, DateTimeOffset now)
    {
        if (await RulesOf(deviceId, traits) is not { } rules)
            return now + UnknownRetry;
        var due = StateRules.NextDue(rules, twin, Micros.Of(now));
        return due == long.MaxValue ? null : Micros.ToTime(due);
    }

    /// <summary>
    /// Points go on while the rules are not known: what is held stays held, and the next values tell how things stand. An event or a
    /// silence is judged once, so it must wait for its rules.
    /// </summary>
    private static StorageUnavailableException Unknown() => new("The rules of the project are not known yet.");

    private RuleRun NewRun(Guid deviceId, DeviceState state, Twin twin, DeviceRules rules, RuleMoment moment) => new(
        RuleDevice.Of(deviceId, state, twin.FirmwareVersion), rules, twin.Rare.Rules,
        new RatedValues(moment.Profile, state.Traits.Overrides),
        moment.NowUs) { OnFault = Faulty };

    private async Task Events(RuleRun run, DeviceState state, ImmutableArray<NewEvent> events, AssetTypes types)
    {
        var concerned = EventRules.Concerned(run.Rules, events);
        if (concerned.Count == 0)
            return;
        var hours = run.Rules.NeedsHours ? await places.Hours(state.Traits.ProjectId, state.Traits.SiteId) : OperatingHours.Always;
        var surroundings = new EventSurroundings(run.Rated, hours, types);
        var stored = await StoredEvents.Read(store, state.DeviceNo, state.Twin.EventMarkUs, concerned);
        foreach (var (rule, own) in concerned)
            Guarded(rule.Id, () => EventRules.Evaluate(run, rule, own, stored.GetValueOrDefault(rule, []), surroundings));
    }

    private void Points(RuleRun run, Twin before, Intake intake, AssetTypes types)
    {
        var matched = run.Rules.OfSet(before.Series);
        for (var s = 0; s < intake.Runs.Count; s++)
        {
            var held = intake.HeldAt(s);
            var rules = held >= 0 ? matched[held] : run.Rules.OfSeries(intake.Batch.Series[s]);
            if (rules.IsEmpty)
                continue;
            var (key, no, mark) = (intake.Batch.Series[s], intake.Numbers[s], intake.StandOf(s)?.MarkUs ?? long.MinValue);
            var series = s;
            Guarded(key.Metric, () => PointRules.Evaluate(run, rules, key, no, intake.Runs.Run(series), mark, types));
        }
    }

    /// <summary>Reads the detectors only for a batch that has something for them, which most devices never have.</summary>
    private async Task<DetectorSet?> Anomalies(
        RuleRun run, Guid deviceId, DeviceState state, Intake intake, ImmutableArray<NewEvent> events, AssetTypes types)
    {
        var watched = run.Rules.WatchedEvents.Count > 0
            && (state.Detectors is not null || AnomalyRules.HoldsRate(run)
                || events.Any(e => run.Rules.WatchedEvents.Contains(e.EventType)));
        var series = Enumerable.Range(0, intake.Runs.Count).Where(s => run.Rules.Watches(intake.Batch.Series[s].Metric, run.Rated))
            .ToList();
        if (!watched && series.Count == 0)
            return state.Detectors;
        if ((state.Detectors ?? await detectors.Read(deviceId)) is not { } before)
            return null;
        var after = before;
        // Those that have a detector first: after a long silence they must not lose it to one that has none.
        series = [.. series.OrderByDescending(s => before.Holds(intake.Numbers[s]))];
        var unknown = watched ? AnomalyRules.Unknown(run, before, events) : [];
        var past = await DetectorPast.Read(
            store, state.DeviceNo, state.Twin.FirstSeenUs, state.Twin.EventMarkUs, unknown, run.NowUs);
        Guarded("anomalies", () =>
        {
            if (watched)
                after = AnomalyRules.Events(run, after, events, state.Twin.EventMarkUs, past);
            foreach (var s in series)
            {
                after = AnomalyRules.Points(
                    run, after, intake.Batch.Series[s], intake.Numbers[s], intake.Runs.Run(s), intake.StandOf(s)?.MarkUs ?? long.MinValue,
                    types);
            }
        });
        if (after.IsShort && !before.IsShort)
            detectors.TellShort(deviceId);
        return after;
    }

    /// <summary>After a batch is committed: writes what its detectors learnt, if that was not for a while.</summary>
    internal ValueTask<DetectorSet> Keep(Guid deviceId, DetectorSet learnt, long nowUs) => detectors.SaveIfDue(deviceId, learnt, nowUs);

    private void AfterAny(RuleRun run, Twin twin, DeviceState state, RuleMoment moment, AssetTypes types)
    {
        // A device that may not call is silent because people want it so.
        if (!run.Rules.States.IsEmpty)
        {
            Guarded("state", () => StateRules.Evaluate(run, DeviceFacts.Of(
                twin, moment.Online || !state.MayCall, moment.LastSeenUs, moment.ConfigVersion,
                DesiredFirmware(moment.Profile, state.Traits.Overrides))));
        }

        if (!run.Rules.Missing.IsEmpty && state.MayCall)
            Guarded("missing_data", () => StateRules.EvaluateMissing(run, twin, moment.Online, types));
    }

    private static Twin Finish(RuleRun run, Twin twin, TransitionWriter writer)
    {
        foreach (var (ruleId, subject, episode, _) in run.Bounded())
            writer.ToIncident(subject.GrainKey(run.Device.ProjectId, ruleId), episode.Start, episode);
        return run.After == run.Before ? twin : twin with { Rare = twin.Rare with { Rules = run.After } };
    }

    /// <summary>An evaluator that fails outside its rules, for whatever a record holds, must not cost the batch.</summary>
    private void Guarded(string what, Action evaluate)
    {
        try
        {
            evaluate();
        }
        catch (Exception error) when (error is not StorageUnavailableException)
        {
            Faulty(what, error);
        }
    }

    private void Faulty(string what, Exception error) =>
        log.LogWarning(error, "Rule {What} could not be evaluated; it is passed over", what);

    private static IEnumerable<WindowSample> Windows(Intake intake) => intake.Batch.Windows
        .Where(w => intake.Fates.IsIn(w.Record)).OrderBy(w => w.TsUs)
        .Select(w => new WindowSample(w.TsUs, w.Metric, w.Asset, w.Meta, w.Stats, w.WindowS));

    private static IEnumerable<string> AssetsOf(Intake intake) =>
        intake.Batch.Series.Select(s => s.Asset).Concat(intake.Batch.Events.Select(e => e.Asset))
            .Concat(intake.Batch.Windows.Select(w => w.Asset));

    /// <summary>Assets whose silence is looked for by their types: those of the twin, not only of a batch.</summary>
    private static IEnumerable<string> AssetsWatched(DeviceRules rules, Twin twin) => rules.MissingOfAssetTypes.IsEmpty ? []
        : twin.Series.Items.Select(series => series.Key)
            .Where(key => rules.MissingOfAssetTypes.Any(rule => ((MissingDataCondition)rule.Condition).Metric == key.Metric))
            .Select(key => key.Asset);

    private static string? DesiredFirmware(ConfigSettings? profile, ConfigSettings own) =>
        (own.Extra?.TryGetValue(FirmwareSetting, out var text) == true || profile?.Extra?.TryGetValue(FirmwareSetting, out text) == true)
            && text.ToString() is ['"', .., '"'] quoted ? JsonSerializer.Deserialize<string>(quoted) : null;
}
