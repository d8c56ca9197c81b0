namespace EsoCore.Grains.Anomalies;

/// <summary>How often something happens, and what is usual.</summary>
/// <param name="Count">Events in the last 24 hours.</param>
/// <param name="UsualLow">One window in twenty has fewer events.</param>
/// <param name="UsualHigh">One window in twenty has more events.</param>
/// <param name="Probability">Probability of as many events or more, by the baseline; 1 while there is none.</param>
public readonly record struct EventRateResult(int Count, int UsualLow, int UsualHigh, double Probability);

/// <summary>
/// Counts events of one kind over the last 24 hours and says how unlikely the count is, given how many there used to be. The baseline is a
/// Poisson rate with a gamma prior, forgotten over a month; counts of a window then follow a negative binomial distribution (Gelman et al.,
/// Bayesian Data Analysis, 3rd ed., 2.6), which allows for a rate that is not well known yet. What a day teaches is bounded.
/// </summary>
public sealed class EventRate
{
    /// <summary>Bytes of saved state.</summary>
    public const int StateBytes = 1 + (3 * sizeof(long)) + (2 * sizeof(double)) + (Hours * sizeof(long));

    /// <summary>Counts are taken as no more than this: judging costs a step for each event counted.</summary>
    public const int MostCount = 10_000;

    /// <summary>Days without which nothing is judged.</summary>
    public const int LeastDays = 2;

    private const byte Version = 1;
    private const int Hours = 24;
    private const double MemoryDays = 30;

    /// <summary>The prior: half an event in a day (Jeffreys' shape), worth one day of watching.</summary>
    private const double PriorEvents = 0.5;

    private const double PriorDays = 1;
    /// <summary>A day teaches no more than this many times what is usual at most: one storm must not hide the next for a month.</summary>
    private const double MostTimesUsual = 3;

    private const double OneInTwenty = 0.05;
    private const double Negligible = 1e-12;
    private readonly long[] _counts = new long[Hours];
    private long _first = long.MinValue;
    private long _hour;
    private long _total;
    private double _events;
    private double _days;

    /// <summary>Continues from saved state.</summary>
    /// <exception cref="ArgumentException">The bytes are not saved state of this version.</exception>
    public static EventRate Load(ReadOnlySpan<byte> state)
    {
        if (state.Length != StateBytes || state[0] != Version)
            throw new ArgumentException($"The state is not that of an event rate of version {Version}.", nameof(state));
        var rate = new EventRate();
        var codec = new StateCodec(state.ToArray(), reads: true);
        rate.Visit(ref codec);
        return rate;
    }

    /// <summary>What <see cref="Load"/> continues from.</summary>
    public byte[] Save()
    {
        var bytes = new byte[StateBytes];
        var codec = new StateCodec(bytes, reads: false);
        Visit(ref codec);
        return bytes;
    }

    /// <summary>Counts events. With none it only moves the time on. Events from before the hour last seen count in it.</summary>
    public void Add(DateTimeOffset time, int events = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(events);
        var hour = Math.DivRem(time.ToUnixTimeSeconds(), 3600).Quotient;
        if (_first == long.MinValue)
            (_first, _hour) = (hour, hour);
        Advance(hour);
        var place = Place(_hour);
        var added = Math.Min(events, MostCount - _total);
        _counts[place] += added;
        _total += added;
    }

    /// <summary>How the last 24 hours compare with the baseline, which they are not part of yet.</summary>
    public EventRateResult Judge()
    {
        var count = (int)_total;
        if (_days < LeastDays)
            return new EventRateResult(count, 0, count, 1);
        var shape = PriorEvents + _events;
        var odds = 1 / (PriorDays + _days + 1);

        // Negative binomial: p(0) = (1 - odds)^shape, p(k + 1) = p(k) (shape + k) / (k + 1) odds; by logarithms, as p(0) may underflow.
        var log = shape * Math.Log(1 - odds);
        var (sum, tail, low, high) = (0.0, 0.0, 0, -1);
        for (var k = 0; k <= MostCount; k++)
        {
            var one = Math.Exp(log);
            sum += one;
            if (k >= count)
                tail += one;
            if (sum <= OneInTwenty)
                low = k + 1;
            if (high < 0 && sum >= 1 - OneInTwenty)
                high = k;

            // Summed from the count upwards, since 1 minus what lies below would lose what is left of a small probability.
            if (high >= 0 && k > count && one <= tail * Negligible)
                break;
            log += Math.Log((shape + k) / (k + 1) * odds);
        }

        return new EventRateResult(count, low, high < 0 ? MostCount : high, Math.Min(1, tail));
    }

    private static int Place(long hour) => (int)(((hour % Hours) + Hours) % Hours);

    private void Advance(long hour)
    {
        // Hours that nothing is left of after a long pause need no step each: what they would bring is that many empty hours.
        for (var step = 0; _hour < hour && step < Hours; step++)
        {
            _hour++;
            var place = Place(_hour);
            if (_hour - _first >= Hours)
                Learn(Bounded(_counts[place]), 1);
            _total -= _counts[place];
            _counts[place] = 0;
        }

        if (_hour < hour)
            Learn(0, hour - _hour);
        _hour = Math.Max(_hour, hour);
    }

    /// <summary>An hour's share of what its day, the 24 hours that begin with it, may teach.</summary>
    private double Bounded(long events)
    {
        if (events == 0 || _days < LeastDays)
            return events;
        var most = MostTimesUsual * Math.Max(1, Judge().UsualHigh);
        return _total <= most ? events : events * most / _total;
    }

    private void Learn(double events, long hours)
    {
        var days = hours / (double)Hours;
        var kept = Math.Exp(-days / MemoryDays);
        _events = (_events * kept) + events;
        _days = (_days * kept) + (MemoryDays * (1 - kept));
    }

    private void Visit(ref StateCodec codec)
    {
        var version = Version;
        codec.Visit(ref version);
        codec.Visit(ref _first);
        codec.Visit(ref _hour);
        codec.Visit(ref _total);
        codec.Visit(ref _events);
        codec.Visit(ref _days);
        for (var i = 0; i < Hours; i++)
            codec.Visit(ref _counts[i]);
    }
}
