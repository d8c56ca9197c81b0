using System.Runtime.CompilerServices;

namespace EsoCore.Grains.Anomalies;

/// <summary>
/// Finds anomalies in one series of a metric while it is measured: one point at a time, with what came before only, without training and
/// with one parameter set for all series. State is bounded (<see cref="StateBytes"/>) and a point costs the same however long the series
/// is.
/// </summary>
/// <remarks>
/// The steps are numbered in <see cref="Add"/>. Values are meant to come seconds to an hour apart; the tests of shape (jumps, means) count
/// points, memory counts time. The detector is not safe for use by several threads at once.
/// </remarks>
public sealed class MetricDetector
{
    /// <summary>Likelihood from which a point is an alarm.</summary>
    public const double AlarmLikelihood = 0.5;

    /// <summary>Most bytes of saved state.</summary>
    public const int MostStateBytes = 2048;

    /// <summary>Values beyond this are taken as this: sums of their squares and differences stay finite.</summary>
    public const double MostValue = 1e30;

    private const byte Version = 1;
    private const int Kinds = 9;
    private const double LeastMemory = 500;
    private const double MostMemory = 20_000;
    private const double MostDeviations = 3;
    private const double IntervalMemory = 50;

    /// <summary>Half the width of the usual range in mean deviations: 2.5 hold 95 % of a normal distribution.</summary>
    private const double UsualDeviations = 2.5;

    /// <summary>Changes of less than this share of a value may be rounding.</summary>
    private const double Rounding = 1e-9;

    /// <summary>A pause of more than this many usual intervals is a gap: what is measured from point to point begins anew.</summary>
    private const double GapIntervals = 12;

    /// <summary>Highest share of points that change; below 1, so that a repeated value is unlikely but not impossible.</summary>
    private const double MostChanging = 0.98;

    /// <summary>Least unit of the tests that are logarithms of probabilities or ratios.</summary>
    private const double LogFloor = 2;

    /// <summary>Points before the tails learn: the first deviations are those of a baseline that is not one yet.</summary>
    private const int BaselinePoints = 24;

    private readonly DetectorSettings _settings;
    private readonly SeasonProfile _day = new(96, TimeSpan.FromDays(1), cycles: 7);
    private readonly SeasonProfile _week = new(168, TimeSpan.FromDays(7), cycles: 4);
    private Tails _tails;
    private long _count;
    private long _firstSeconds;
    private long _lastSeconds;
    private double _interval;
    private double _origin;
    private double _previous;
    private double _level;
    private double _spread;
    private double _usualOff;
    private double _shortMean;
    private double _longMean;
    private double _change;
    private double _usualChange;
    private double _changing;
    private double _unchanged;
    private double _calm;

    /// <summary>Begins a series of which nothing is known.</summary>
    public MetricDetector()
        : this(DetectorSettings.Default)
    {
    }

    internal MetricDetector(DetectorSettings settings) => _settings = settings;

    /// <summary>Bytes of saved state of any series.</summary>
    public static int StateBytes { get; } = new MetricDetector().Save().Length;

    /// <summary>Continues a series from saved state, exactly as if it had not been interrupted.</summary>
    /// <exception cref="ArgumentException">The bytes are not saved state of this version.</exception>
    public static MetricDetector Load(ReadOnlySpan<byte> state)
    {
        if (state.Length == 0 || state[0] != Version || state.Length != StateBytes)
            throw new ArgumentException($"The state is not that of a detector of version {Version}.", nameof(state));
        var detector = new MetricDetector();
        var codec = new StateCodec(state.ToArray(), reads: true);
        detector.Visit(ref codec);
        return detector;
    }

    /// <summary>What <see cref="Load"/> continues from: a version and little-endian numbers.</summary>
    public byte[] Save()
    {
        Span<byte> bytes = stackalloc byte[MostStateBytes];
        var codec = new StateCodec(bytes, reads: false);
        Visit(ref codec);
        return bytes[..codec.Length].ToArray();
    }

    /// <summary>Judges a point by what came before, then learns it.</summary>
    /// <param name="time">When it was measured. A point before the last one, or without a finite value, is ignored.</param>
    /// <param name="value">The value, in any unit: results do not depend on scale and offset.</param>
    /// <returns>Likelihood 0 and no kind for points that are ignored and until enough points are known.</returns>
    public AnomalyResult Add(DateTimeOffset time, double value)
    {
        var seconds = time.ToUnixTimeSeconds();
        if (!double.IsFinite(value) || (_count > 0 && seconds < _lastSeconds))
            return default;

        // 1. Times: the usual interval and whether the series paused.
        var pause = _count == 0 ? 0 : seconds - _lastSeconds;
        _lastSeconds = seconds;
        _count++;
        value = Math.Clamp(value, -MostValue, MostValue);
        if (_count == 1)
            (_origin, _firstSeconds) = (value, seconds);
        var x = value - _origin;
        var gap = _count > IntervalMemory && pause > GapIntervals * _interval;
        if (_count > 1 && !gap)
            _interval += (pause - _interval) / Math.Min(_count - 1, IntervalMemory);
        var memory = Math.Clamp(_settings.Memory.TotalSeconds / Math.Max(1, _interval), LeastMemory, MostMemory);

        // 2. Baseline: the profile that foretells best, or the plain level.
        var usual = Usual(seconds, out var seasonal);
        var off = x > usual.High ? x - usual.High : Math.Min(0, x - usual.Low);

        // 3. What is measured of the point, one number a test.
        Span<double> tests = stackalloc double[Kinds];
        Measure(x, off, gap, memory, tests);

        // 4. How far each test passes what its own tail has shown, and the strongest of them; then the tails learn.
        var result = Judge(tests, memory, out var kind);
        var (low, high) = (_origin + usual.Low - (UsualDeviations * _usualOff), _origin + usual.High + (UsualDeviations * _usualOff));

        // 5. The baselines learn.
        Learn(seconds, x, Math.Abs(off), memory);

        // 6. Calm-down: after a score only a higher one counts in full, less so with every point.
        _calm *= Math.Exp(-1 / _settings.CalmPoints);
        var fresh = Math.Max(0, result - _calm);
        _calm = Math.Max(_calm, result);
        return new AnomalyResult(fresh / (fresh + _settings.HalfScore), result, kind, low, high, seasonal);
    }

    private (double Low, double High) Usual(long seconds, out bool seasonal)
    {
        var (day, week) = (_day.Bin(seconds), _week.Bin(seconds));
        var age = seconds - _firstSeconds;
        var dayShare = age >= _day.LeastSeconds && _day.Knows(day) ? _day.ErrorShare : 1;
        var weekShare = age >= _week.LeastSeconds && _week.Knows(week) ? _week.ErrorShare : 1;
        seasonal = Math.Min(dayShare, weekShare) < _settings.SeasonShare;
        if (!seasonal)
            return (_level, _level);
        return weekShare < dayShare ? _week.Hull(week) : _day.Hull(day);
    }

    private void Measure(double x, double off, bool gap, double memory, Span<double> tests)
    {
        var jump = _count == 1 || gap ? 0 : Math.Abs(x - _previous);
        if (gap)
            (_shortMean, _longMean, _unchanged) = (0, 0, 0);
        _shortMean += (off - _shortMean) / Math.Min(_count, _settings.ShortPoints);
        _longMean += (off - _longMean) / Math.Min(_count, _settings.LongPoints);
        _change += (jump - _change) / Math.Min(_count, _settings.ChangePoints);
        _usualChange += (Math.Min(jump, 2 * MostDeviations * Math.Max(_usualChange, _spread)) - _usualChange) / Math.Min(_count, memory);
        _unchanged = jump == 0 && !gap ? _unchanged + 1 : 0;
        _changing += ((jump == 0 ? 0 : 1) - _changing) / Math.Min(_count, memory);
        _previous = x;

        tests[(int)AnomalyKind.High] = Math.Max(0, off);
        tests[(int)AnomalyKind.Low] = Math.Max(0, -off);
        tests[(int)AnomalyKind.Jump] = jump;
        tests[(int)AnomalyKind.ShortShift] = Math.Abs(_shortMean);
        tests[(int)AnomalyKind.LongShift] = Math.Abs(_longMean);
        tests[(int)AnomalyKind.MoreVariable] = _change;
        tests[(int)AnomalyKind.LessVariable] = _change > 0 && _usualChange > _change ? Math.Log(_usualChange / _change) : 0;

        // The negative logarithm of the probability of as many repeats, if points changed independently of each other.
        tests[(int)AnomalyKind.Stuck] = -_unchanged * Math.Log(1 - Math.Min(_changing, MostChanging));
    }

    private double Judge(Span<double> tests, double memory, out AnomalyKind kind)
    {
        // The rounding matters only while a series has been constant: its first change is then many units large.
        var least = Math.Max(_settings.Floor * _spread, Rounding * Math.Abs(_previous + _origin));
        var best = 0.0;
        kind = AnomalyKind.None;
        for (var k = 1; k < Kinds; k++)
        {
            if (((_settings.Tests >> k) & 1) == 0)
                continue;
            var floor = k >= (int)AnomalyKind.LessVariable ? LogFloor : least;
            if (_count > _settings.WarmUp && _tails[k].Score(tests[k], floor) is var score && score > best)
                (best, kind) = (score, (AnomalyKind)k);
            if (_count > BaselinePoints)
                _tails[k].Add(tests[k], floor, _count - BaselinePoints, memory, _settings);
        }

        return best;
    }

    private void Learn(long seconds, double x, double off, double memory)
    {
        var most = Math.Max(4 * _usualOff, _spread);
        _usualOff += ((most > 0 ? Math.Min(off, most) : off) - _usualOff) / Math.Min(_count, LeastMemory);
        var plain = Math.Abs(x - _level);
        var rate = 1 / Math.Min(_count, memory);
        _day.Add(_day.Bin(seconds), x, plain, _spread, _interval, LeastMemory);
        _week.Add(_week.Bin(seconds), x, plain, _spread, _interval, LeastMemory);

        // Huber's location: beyond three typical deviations a point pulls no harder.
        _level += rate * (_spread > 0 ? Math.Clamp(x - _level, -MostDeviations * _spread, MostDeviations * _spread) : x - _level);
        _spread += rate * ((_spread > 0 ? Math.Min(plain, 4 * MostDeviations * _spread) : plain) - _spread);
    }

    private void Visit(ref StateCodec codec)
    {
        var version = Version;
        codec.Visit(ref version);
        codec.Visit(ref _count);
        codec.Visit(ref _firstSeconds);
        codec.Visit(ref _lastSeconds);
        codec.Visit(ref _interval);
        codec.Visit(ref _origin);
        codec.Visit(ref _previous);
        codec.Visit(ref _level);
        codec.Visit(ref _spread);
        codec.Visit(ref _usualOff);
        codec.Visit(ref _shortMean);
        codec.Visit(ref _longMean);
        codec.Visit(ref _change);
        codec.Visit(ref _usualChange);
        codec.Visit(ref _changing);
        codec.Visit(ref _unchanged);
        codec.Visit(ref _calm);
        for (var k = 1; k < Kinds; k++)
            _tails[k].Visit(ref codec);
        _day.Visit(ref codec);
        _week.Visit(ref codec);
    }

    [InlineArray(Kinds)]
    private struct Tails
    {
        private TailTracker _first;
    }
}
