using EsoCore.Grains.Rules.Conditions;
using EsoCore.Incidents;
using EsoCore.Wire;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>
/// One evaluation of a device's rules: takes what they remember, is shown what is new by the evaluators, and gives the new memory and the
/// episodes to tell. Pure: nothing leaves it before the commit.
/// </summary>
internal sealed class RuleRun(RuleDevice device, DeviceRules rules, RuleMemory memory, RatedValues rated, long nowUs)
{
    private readonly List<ToldEpisode> _told = [];
    private List<LevelState>? _levels;
    private ImmutableArray<PeriodState>? _periods;
    private ImmutableArray<MutedSensor>? _mutes;
    private ImmutableArray<WindowMark>? _windows;

    internal RuleDevice Device => device;

    internal DeviceRules Rules => rules;

    internal RatedValues Rated => rated;

    internal RuleMemory Before => memory;

    /// <summary>The server's time, microseconds.</summary>
    internal long NowUs => nowUs;

    /// <summary>Episodes begun and ended within the run that one tracker tells on their own.</summary>
    internal int MaxEnded { get; init; } = RuleLimits.MaxEndedEpisodes;

    /// <summary>What is to be told, in order.</summary>
    internal IReadOnlyList<ToldEpisode> Told => _told;

    internal ImmutableArray<MutedSensor> Mutes
    {
        get => _mutes ?? memory.Mutes;
        set => _mutes = value;
    }

    internal ImmutableArray<PeriodState> Periods
    {
        get => _periods ?? memory.Periods;
        set => _periods = value;
    }

    internal ImmutableArray<WindowMark> Windows
    {
        get => _windows ?? memory.Windows;
        set => _windows = value;
    }

    /// <summary>What the rules remember afterwards: the same object when nothing changed.</summary>
    internal RuleMemory After
    {
        get
        {
            if (_levels is null && _periods is null && _mutes is null && _windows is null)
                return memory;
            var after = memory with
            {
                Levels = _levels is null ? memory.Levels : [.. _levels],
                Periods = Periods,
                Mutes = Mutes,
                Windows = Windows,
            };
            return after.IsEmpty ? RuleMemory.Empty : after;
        }
    }

    internal bool HasLevels => _levels is null ? !memory.Levels.IsEmpty : _levels.Count > 0;

    internal IReadOnlyList<LevelState> Levels => _levels ?? (IReadOnlyList<LevelState>)memory.Levels;

    internal LevelState? Find(string rule, string key)
    {
        if (!HasLevels)
            return null;
        foreach (var level in Levels)
        {
            if (level.Key == key && level.Rule == rule)
                return level;
        }

        return null;
    }

    /// <summary>
    /// Keeps a state in the place of another; null forgets it. A new one beyond the limit is not kept: the answer is then false.
    /// </summary>
    internal bool Replace(LevelState? before, LevelState? after)
    {
        if (after is { Worst: { } worst } && !double.IsFinite(worst))
            after = after with { Worst = null };
        if (before == after)
            return true;
        _levels ??= [.. memory.Levels];
        if (before is not null)
            _levels.Remove(before);
        else if (_levels.Count >= RuleLimits.MaxLevels)
            return false;
        if (after is not null)
            _levels.Add(after);
        return true;
    }

    /// <summary>Tells of a held condition where its beginning was told: the device may be at another site by now.</summary>
    /// <param name="isOwed">As <see cref="ToldEpisode.IsOwed"/>.</param>
    internal void Tell(CompiledRule rule, LevelState level, RuleEpisode episode, bool isOwed = true) => _told.Add(new ToldEpisode(
        rule.Id, SubjectKey.Parse(level.Subject ?? "") ?? device.SubjectOf(rule.Definition.Subject, episode.Source.AssetId),
        Finite(episode), isOwed));

    /// <param name="isOwed">As <see cref="ToldEpisode.IsOwed"/>.</param>
    internal void Tell(CompiledRule rule, string? asset, RuleEpisode episode, bool isOwed = true) =>
        _told.Add(new ToldEpisode(rule.Id, device.SubjectOf(rule.Definition.Subject, asset), Finite(episode), isOwed));

    /// <summary>What one commit tells: all that is owed, and of the rest the newest up to <see cref="RuleLimits.MaxTold"/>.</summary>
    internal IReadOnlyList<ToldEpisode> Bounded()
    {
        if (_told.Count <= RuleLimits.MaxTold)
            return _told;
        var room = Math.Max(0, RuleLimits.MaxTold - _told.Count(item => item.IsOwed));
        var newest = _told.Where(item => !item.IsOwed).OrderBy(item => item.Episode.Start).TakeLast(room)
            .ToHashSet(ReferenceEqualityComparer.Instance);
        return [.. _told.Where(item => item.IsOwed || newest.Contains(item))];
    }

    /// <summary>
    /// Ends what is held for rules that concern the device no longer (deleted, switched off, or out of their scope by now) or watch
    /// something else since they were edited. Their incidents would wait for an end for ever.
    /// </summary>
    internal void EndWithoutRule()
    {
        if (!Mutes.IsEmpty && SensorMutes.OfRules(Mutes, rules) is var mutes && mutes.Length < Mutes.Length)
            Mutes = mutes;
        if (Periods.Any(period => !IsOf(period.Rule, period.Print)))
            Periods = Periods.RemoveAll(period => !IsOf(period.Rule, period.Print));
        if (!rules.HasWindows && !Windows.IsEmpty)
            Windows = [];
        End(level => !IsOf(level.Rule, level.Print), "The rule was changed or taken away, or no longer concerns the device.");
    }

    /// <summary>Ends what is held, whatever the values are, and says why.</summary>
    internal void End(Func<LevelState, bool> which, string why)
    {
        if (!HasLevels)
            return;
        foreach (var level in Levels.Where(which).ToList())
        {
            Replace(level, null);
            if (level.Told && SubjectKey.Parse(level.Subject ?? "") is { } subject)
                _told.Add(new ToldEpisode(level.Rule, subject, Ended(level, why), IsOwed: true));
        }
    }

    /// <summary>JSON, and so the outbox, has no number that is not finite.</summary>
    private static RuleEpisode Finite(RuleEpisode episode) => IsFinite(episode.Value) && IsFinite(episode.Limit) ? episode : episode with
    {
        Value = IsFinite(episode.Value) ? episode.Value : null,
        Limit = IsFinite(episode.Limit) ? episode.Limit : null,
    };

    private static bool IsFinite(double? value) => value is not { } number || double.IsFinite(number);

    private bool IsOf(string id, int print) => rules.ById.TryGetValue(id, out var rule) && rule.Print == print;

    private RuleEpisode Ended(LevelState level, string why) => new(
        device.EpisodeId(level.Rule, level.Key, level.SinceUs), 0, Micros.ToTime(level.SinceUs),
        Micros.ToTime(Math.Max(nowUs, level.SinceUs)),
        Lasts: true, TimeSpan.FromMicroseconds(level.HoldUs), level.Severity ?? Severities.NameOf(Severity.Medium),
        level.Cause ?? level.Rule, null, Math.Max(1, level.Count), level.Worst, null, why,
        device.Source(null), "");
}
