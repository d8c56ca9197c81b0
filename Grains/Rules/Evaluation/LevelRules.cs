using EsoCore.Grains.Rules.Conditions;
using EsoCore.Incidents;
using EsoCore.Wire;

namespace EsoCore.Grains.Rules.Evaluation;

/// <summary>What a limit is held against: a series, or windows of a metric.</summary>
/// <param name="Key">As <see cref="LevelState.Key"/>.</param>
internal readonly record struct Watched(string Key, string Unit, string Asset);

/// <summary>
/// Follows values in order of time against limits with hysteresis: out, out long enough (an episode is told), back (it is told to be over).
/// </summary>
internal ref struct LevelTracker
{
    private readonly RuleRun _run;
    private readonly CompiledRule _rule;
    private readonly LimitCondition _condition;
    private readonly ResolvedLimits _limits;
    private readonly Watched _watched;
    private readonly LevelState? _before;
    private LevelState? _state;
    private List<(LevelState State, long EndUs)>? _ended;
    private LevelState? _begun;

    internal LevelTracker(RuleRun run, CompiledRule rule, ResolvedLimits limits, in Watched watched)
    {
        (_run, _rule, _condition, _limits, _watched) = (run, rule, (LimitCondition)rule.Condition, limits, watched);
        _state = _before = run.Find(rule.Id, watched.Key);
    }

    /// <summary>Whether nothing holds and nothing is waiting: values within the limits then change nothing.</summary>
    internal readonly bool IsIdle => _state is null;

    internal void Add(long tsUs, double value)
    {
        // A statistic of values that are all right may run over.
        if (!double.IsFinite(value))
            return;
        if (_state is { } state)
        {
            if (_limits.IsBack(value))
            {
                if (state.Told)
                    Ended(state, tsUs);
                _state = null;
                return;
            }

            _state = state with
            {
                Count = state.Count + (_limits.IsOut(value) ? 1 : 0),
                Worst = state.Worst is { } worst && _limits.Excess(worst) >= _limits.Excess(value) ? worst : value,
                LastUs = tsUs,
            };
        }
        else if (_limits.IsOut(value))
            _state = new LevelState(_rule.Id, _watched.Key, _rule.Print, tsUs, Told: false, value, 1, tsUs);
        else
            return;

        if (_state is { Told: false } waiting && tsUs - waiting.SinceUs >= (long)_condition.For.TotalMicroseconds)
            _state = _begun = Told(waiting);
    }

    /// <summary>Keeps where it stands, and tells what began here: first what is over already, then what is open.</summary>
    internal readonly void End()
    {
        var folded = Math.Max(0, (_ended?.Count ?? 0) - _run.MaxEnded);
        for (var i = folded; i < _ended?.Count; i++)
        {
            var (state, endUs) = _ended[i];
            if (i == folded)
                state = state with { Count = state.Count + _ended.Take(folded).Sum(e => e.State.Count) };
            Tell(state, endUs, isOwed: false);
        }

        // What cannot be kept must not be told either: nobody would tell its end.
        if (_run.Replace(_before, _state) && _state is { Told: true } open && !IsToldBefore(open))
            Tell(_begun ?? open, null, isOwed: true);
    }

    /// <summary>Whether the episode was told by an earlier batch.</summary>
    private readonly bool IsToldBefore(LevelState state) => _before is { Told: true } before && before.SinceUs == state.SinceUs;

    private void Ended(LevelState state, long endUs)
    {
        if (IsToldBefore(state))
            Tell(state, endUs, isOwed: true);
        else
            (_ended ??= []).Add((state, endUs));
    }

    private readonly LevelState Told(LevelState state) => state with
    {
        Told = true,
        Subject = _run.Device.SubjectOf(_rule.Definition.Subject, _watched.Asset).ToString(),
        Cause = $"metric:{_condition.Metric}",
        Severity = _rule.Definition.Severity ?? Severities.NameOf(Severity.Medium),
    };

    private readonly void Tell(LevelState state, long? endUs, bool isOwed)
    {
        var worst = state.Worst ?? 0;
        _run.Tell(_rule, state, new RuleEpisode(
            _run.Device.EpisodeId(_rule.Id, _watched.Key, state.SinceUs),
            _rule.Version,
            Micros.ToTime(state.SinceUs),
            endUs is { } end ? Micros.ToTime(end) : null,
            Lasts: true,
            TimeSpan.Zero,
            state.Severity!,
            state.Cause!,
            null,
            state.Count,
            worst,
            _limits.LimitOf(worst),
            EpisodeTexts.Of(_condition, worst, _limits, _watched.Unit, _watched.Asset,
            TimeSpan.FromMicroseconds((endUs ?? state.LastUs) - state.SinceUs)),
            _run.Device.Source(_watched.Asset),
            ""), isOwed);
    }
}
