using EsoCore.Grains.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Wire;

namespace EsoCore.Grains.Telemetry;

/// <summary>
/// A decoded batch held against one twin: which records are too old, past a limit or repeats, and which numbers its series have. Pure but
/// for the two questions to the store, which the grain asks between the steps:
/// screen, [find series], number, arrange, [read overlap], drop stored.
/// </summary>
internal sealed class Intake : IDisposable
{
    /// <summary>2000-01-01T00:00:00Z: nothing that we talk to was built before.</summary>
    internal const long EarliestUs = 946_684_800_000_000;

    private readonly Twin _twin;
    private readonly int[] _held;
    private readonly int[] _numbers;
    private readonly SeriesStand?[] _stands;
    private readonly bool[] _used;
    private readonly SortedSet<string> _assets;
    private SeriesRuns? _runs;

    internal Intake(DecodedBatch batch, Twin twin)
    {
        Batch = batch;
        _twin = twin;
        Fates = new RecordFates(batch);
        _held = new int[batch.Series.Count];
        _numbers = new int[batch.Series.Count];
        _stands = new SeriesStand?[batch.Series.Count];
        _used = new bool[batch.Series.Count];
        _assets = new SortedSet<string>(twin.Rare.Assets, StringComparer.Ordinal);
    }

    internal DecodedBatch Batch { get; }

    internal RecordFates Fates { get; }

    /// <summary>The points by series; after <see cref="Arrange"/>.</summary>
    internal SeriesRuns Runs => _runs!;

    /// <summary>The device's number of each series of the batch; 0 for one without points.</summary>
    internal ReadOnlySpan<int> Numbers => _numbers;

    /// <summary>Series made by this batch.</summary>
    internal List<StoredSeries> NewSeries { get; } = [];

    /// <summary>All asset codes that the device has named by now, sorted.</summary>
    internal IReadOnlyCollection<string> Assets => _assets;

    /// <summary>Where the series stood before this batch; null for one that is new.</summary>
    internal SeriesStand? StandOf(int series) => _stands[series];

    /// <summary>Where the series stands among those that the twin holds, or -1.</summary>
    internal int HeldAt(int series) => _held[series];

    /// <summary>Shifts all times by the correction and rejects what is out of bounds or names one asset too many.</summary>
    internal void Screen(long correctionUs, long latestUs, long retentionFloorUs)
    {
        var times = Batch.Points.TsUs;
        var records = Batch.Points.Records;
        for (var i = 0; i < times.Length; i++)
        {
            times[i] += correctionUs;
            if (CodeOf(times[i], latestUs, retentionFloorUs) is { } code)
                Fates.Reject(records[i], code);
        }

        for (var i = 0; i < Batch.Events.Count; i++)
        {
            var item = Batch.Events[i] = Batch.Events[i] with { TsUs = Batch.Events[i].TsUs + correctionUs };
            RejectIf(item.Record, CodeOf(item.TsUs, latestUs, retentionFloorUs) ?? TakeAsset(item.Asset));
        }

        for (var i = 0; i < Batch.Windows.Count; i++)
        {
            var item = Batch.Windows[i] = Batch.Windows[i] with { TsUs = Batch.Windows[i].TsUs + correctionUs };
            RejectIf(item.Record, CodeOf(item.TsUs, latestUs, retentionFloorUs) ?? TakeAsset(item.Asset));
        }
    }

    /// <summary>Finds the batch's series in the twin. Those returned are not held, yet may have been made long ago: ask the store.</summary>
    internal List<SeriesKey> MatchSeries()
    {
        var series = Batch.Points.Series;
        var records = Batch.Points.Records;
        for (var i = 0; i < series.Length; i++)
            _used[series[i]] |= Fates.IsIn(records[i]);
        var unknown = new List<SeriesKey>();
        for (var s = 0; s < _held.Length; s++)
        {
            _held[s] = _twin.Series.IndexOf(Batch.Series[s]);
            if (_held[s] is var at and >= 0)
            {
                _numbers[s] = _twin.Series.Items[at].No;
                _stands[s] = _twin.Stands[at];
            }
            else if (_used[s] && _twin.SeriesCount > _twin.Series.Count)
                unknown.Add(Batch.Series[s]);
        }

        return unknown;
    }

    /// <summary>Gives every series its number, and rejects the points of those past a limit.</summary>
    /// <param name="found">What the store knew of those that <see cref="MatchSeries"/> returned.</param>
    internal void NumberSeries(ImmutableArray<StoredSeries> found)
    {
        var stored = found.ToDictionary(s => s.Key);
        var refused = new string?[_numbers.Length];
        for (var s = 0; s < _numbers.Length; s++)
        {
            if (!_used[s] || _numbers[s] > 0)
                continue;
            var key = Batch.Series[s];
            if (stored.TryGetValue(key, out var known))
                (_numbers[s], _stands[s]) = (known.No, known.Last);
            else if (_twin.SeriesCount + NewSeries.Count >= TelemetryOptions.MaxSeries)
                refused[s] = RecordCodes.SeriesLimit;
            else if ((refused[s] = TakeAsset(key.Asset)) is null)
            {
                _numbers[s] = _twin.SeriesCount + NewSeries.Count + 1;
                NewSeries.Add(new StoredSeries(_numbers[s], key));
            }
        }

        RejectSeries(refused);
    }

    /// <summary>Sorts the points into runs and drops what stands twice in the batch.</summary>
    internal void Arrange()
    {
        _runs = new SeriesRuns(Batch, Fates);
        _runs.DropRepeatsWithin(Fates);
        DropBodiesWithin();
    }

    /// <summary>The times at which points may be stored already: at or below their series' high-water mark.</summary>
    internal List<LateSpan> LatePoints()
    {
        var late = new List<long>();
        for (var s = 0; s < _numbers.Length; s++)
        {
            if (_stands[s] is { } stand)
                Runs.CollectLate(s, stand.MarkUs, late);
        }

        return LateSpans.Of(late);
    }

    /// <summary>Drops the points that stand in the store.</summary>
    internal void DropStored(in SeriesPoints stored)
    {
        var series = Array.IndexOf(_numbers, stored.SeriesNo);
        if (series >= 0)
            Runs.DropStored(series, stored, Fates);
    }

    /// <summary>The events (or windows) that may be stored already: at or below the newest one's time.</summary>
    internal List<BodyKey> LateBodies(BodyKind kind)
    {
        var (keys, markUs) = kind == BodyKind.Event ? (EventKeys(), _twin.EventMarkUs) : (WindowKeys(), _twin.WindowMarkUs);
        return [.. keys.Where(k => k.Key.TsUs <= markUs && Fates.IsIn(k.Record)).Select(k => k.Key)];
    }

    /// <summary>Drops the events (or windows) whose identity the store has.</summary>
    internal void DropStoredBodies(BodyKind kind, IReadOnlySet<BodyKey> stored)
    {
        foreach (var (record, key) in kind == BodyKind.Event ? EventKeys() : WindowKeys())
        {
            if (stored.Contains(key))
                Fates.MarkDuplicate(record);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _runs?.Dispose();
        Fates.Dispose();
    }

    private static string? CodeOf(long tsUs, long latestUs, long retentionFloorUs) =>
        tsUs < EarliestUs || tsUs > latestUs ? RecordCodes.BadTimestamp : tsUs < retentionFloorUs ? RecordCodes.TooOld : null;

    private string? TakeAsset(string asset)
    {
        if (asset.Length == 0 || _assets.Contains(asset))
            return null;
        if (_assets.Count >= TelemetryOptions.MaxAssets)
            return RecordCodes.AssetLimit;
        _assets.Add(asset);
        return null;
    }

    private void RejectIf(int record, string? code)
    {
        if (code is not null)
            Fates.Reject(record, code);
    }

    private void RejectSeries(string?[] refused)
    {
        if (!Array.Exists(refused, code => code is not null))
            return;
        var series = Batch.Points.Series;
        var records = Batch.Points.Records;
        for (var i = 0; i < series.Length; i++)
            RejectIf(records[i], refused[series[i]]);
    }

    private void DropBodiesWithin()
    {
        var seen = new HashSet<BodyKey>();
        foreach (var (record, key) in EventKeys())
        {
            if (Fates.IsIn(record) && !seen.Add(key))
                Fates.MarkDuplicate(record);
        }

        seen.Clear();
        foreach (var (record, key) in WindowKeys())
        {
            if (Fates.IsIn(record) && !seen.Add(key))
                Fates.MarkDuplicate(record);
        }
    }

    private IEnumerable<(int Record, BodyKey Key)> EventKeys() => Batch.Events.Select(e => (e.Record, new BodyKey(e.TsUs, e.Hash)));

    private IEnumerable<(int Record, BodyKey Key)> WindowKeys() => Batch.Windows.Select(w => (w.Record, new BodyKey(w.TsUs, w.Hash)));
}
