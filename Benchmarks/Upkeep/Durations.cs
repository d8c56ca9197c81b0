namespace EsoCore.Benchmarks.Upkeep;

/// <summary>How long things of one kind took.</summary>
internal sealed class Durations
{
    private readonly List<TimeSpan> _all = [];

    internal int Count => _all.Count;

    internal TimeSpan Longest => _all.Count == 0 ? TimeSpan.Zero : _all.Max();

    internal void Add(TimeSpan took) => _all.Add(took);

    internal int Above(TimeSpan limit) => _all.Count(took => took > limit);

    /// <summary>The value that so large a part does not exceed.</summary>
    internal TimeSpan Quantile(double part) =>
        _all.Count == 0 ? TimeSpan.Zero : _all.Order().ElementAt(Math.Clamp((int)Math.Ceiling(part * _all.Count) - 1, 0, _all.Count - 1));
}
