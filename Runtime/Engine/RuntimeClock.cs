namespace EsoCore.Runtime.Engine;

/// <summary>
/// Milliseconds since the runtime was made, as of the sweeper's last tick: reading it costs a load, where the time provider would cost more
/// than a turn.
/// </summary>
internal sealed class RuntimeClock(TimeProvider timeProvider)
{
    private readonly long _start = timeProvider.GetTimestamp();
    private long _nowMs;

    public long NowMs => Volatile.Read(ref _nowMs);

    public int NowSeconds => (int)(NowMs / 1000);

    /// <summary>Refreshes the reading.</summary>
    public long Advance()
    {
        long now = (long)timeProvider.GetElapsedTime(_start).TotalMilliseconds;
        Volatile.Write(ref _nowMs, now);
        return now;
    }

    /// <summary>A deadline at least this far away: the reading may be one tick old.</summary>
    public long DeadlineIn(int milliseconds) => NowMs + milliseconds + Sweeper.TickMs;
}
