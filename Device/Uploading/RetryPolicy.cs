namespace EsoCore.Device;

/// <summary>The delays of <see cref="RetryPolicy"/>.</summary>
public sealed record RetryOptions
{
    /// <summary>The delay after the first failure; 1 s.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>No delay doubles beyond this, and the circuit stays open this long; 300 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Each delay is changed at random by up to this share either way, so that a fleet does not come back in one wave; 0.25.</summary>
    public double Jitter { get; init; } = 0.25;

    /// <summary>After this many failures in a row the circuit opens; 5.</summary>
    public int FailuresToOpen { get; init; } = 5;

    /// <summary>A server's wish to wait is honoured up to this; 1 hour.</summary>
    public TimeSpan MaxHonouredWait { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>
/// When a device may try again: 1 s after the first failure, doubling to at most 300 s, each ±25 %; after 5 failures in a row the circuit opens for the
/// maximum, one attempt is let through, and it opens again if that fails. What the server asks for (Retry-After, next_hint) is a lower bound. Holds
/// no timer and makes no call. Time is read from the monotonic clock, since a device's wall clock steps.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="random">For the jitter; seeded where a run must be repeatable.</param>
/// <param name="options">The delays; the defaults where null.</param>
public sealed class RetryPolicy(TimeProvider time, Random random, RetryOptions? options = null)
{
    private readonly RetryOptions _options = options ?? new RetryOptions();
    private long _waitingSince = time.GetTimestamp();
    private TimeSpan _wait = TimeSpan.Zero;

    /// <summary>Failures since the last success.</summary>
    public int FailuresInARow { get; private set; }

    /// <summary>Whether so many attempts failed that trying is stopped for the maximum; sampling and buffering go on.</summary>
    public bool IsOpen => FailuresInARow >= _options.FailuresToOpen && !MayTry;

    /// <summary>Whether an attempt may be made now.</summary>
    public bool MayTry => Remaining == TimeSpan.Zero;

    /// <summary>How long until an attempt may be made.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var rest = _wait - time.GetElapsedTime(_waitingSince);
            return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
        }
    }

    /// <summary>Tells of an answer that takes the batch.</summary>
    /// <param name="serverBackoff">What the answer's next_hint asks for.</param>
    public void OnSuccess(TimeSpan serverBackoff)
    {
        FailuresInARow = 0;
        Wait(Honoured(serverBackoff));
    }

    /// <summary>Tells of a failed attempt.</summary>
    /// <param name="serverBackoff">What the server asked for; zero without an answer.</param>
    public void OnFailure(TimeSpan serverBackoff)
    {
        FailuresInARow++;
        var own = Jittered(FailuresInARow >= _options.FailuresToOpen ? _options.MaxDelay : Doubled(FailuresInARow - 1));
        var asked = Honoured(serverBackoff);
        Wait(own > asked ? own : asked);
    }

    private TimeSpan Doubled(int times)
    {
        var delay = _options.FirstDelay;
        for (var i = 0; i < times && delay < _options.MaxDelay; i++)
            delay *= 2;
        return delay < _options.MaxDelay ? delay : _options.MaxDelay;
    }

    private TimeSpan Jittered(TimeSpan delay) => delay * (1 + _options.Jitter * (2 * random.NextDouble() - 1));

    private TimeSpan Honoured(TimeSpan asked) =>
        asked <= TimeSpan.Zero ? TimeSpan.Zero : asked < _options.MaxHonouredWait ? asked : _options.MaxHonouredWait;

    private void Wait(TimeSpan wait)
    {
        _waitingSince = time.GetTimestamp();
        _wait = wait;
    }
}
