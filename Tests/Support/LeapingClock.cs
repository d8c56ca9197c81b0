namespace EsoCore.Tests.Support;

/// <summary>
/// A clock for a whole server: it runs as the real one does, so that sockets and databases behave, and leaps forward when a test says so.
/// What falls due within a leap fires at once.
/// </summary>
public sealed class LeapingClock : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly HashSet<LeapingTimer> _timers = [];
    private TimeSpan _ahead;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;

    /// <inheritdoc/>
    public override long GetTimestamp() => System.GetElapsedTime(0, System.GetTimestamp()).Ticks + Ahead.Ticks;

    private TimeSpan Ahead
    {
        get
        {
            lock (_gate) return _ahead;
        }
    }

    /// <summary>Moves the clock forward.</summary>
    public void Leap(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        LeapingTimer[] timers;
        lock (_gate)
        {
            _ahead += by;
            timers = [.. _timers];
        }

        foreach (var timer in timers)
            timer.Leaped();
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new LeapingTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>A real timer that is set anew when the clock leaps.</summary>
    private sealed class LeapingTimer : ITimer
    {
        private readonly LeapingClock _clock;
        private readonly Lock _gate = new();
        private readonly ITimer _real;
        private TimeSpan _period;
        private long? _due;
        private bool _disposed;

        public LeapingTimer(LeapingClock clock, TimerCallback callback, object? state)
        {
            _clock = clock;
            _real = System.CreateTimer(_ => Fire(callback, state), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            lock (clock._gate) clock._timers.Add(this);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_gate)
            {
                if (_disposed) return false;
                _period = period;
                _due = dueTime == Timeout.InfiniteTimeSpan ? null : _clock.GetTimestamp() + dueTime.Ticks;
                return _real.Change(dueTime, Timeout.InfiniteTimeSpan);
            }
        }

        public void Leaped()
        {
            lock (_gate)
            {
                if (_disposed || _due is not { } due) return;
                var left = TimeSpan.FromTicks(Math.Max(0, due - _clock.GetTimestamp()));
                _real.Change(left, Timeout.InfiniteTimeSpan);
            }
        }

        public void Dispose()
        {
            lock (_gate) _disposed = true;
            lock (_clock._gate) _clock._timers.Remove(this);
            _real.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(TimerCallback callback, object? state)
        {
            lock (_gate)
            {
                // A leap may set the real timer when it has just fired: then it fires once more, for nothing or for a later time.
                if (_disposed || _due is not { } due) return;
                var left = TimeSpan.FromTicks(due - _clock.GetTimestamp());
                if (left > TimeSpan.Zero)
                {
                    _real.Change(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
                    return;
                }

                var isPeriodic = _period > TimeSpan.Zero && _period != Timeout.InfiniteTimeSpan;
                _due = isPeriodic ? _clock.GetTimestamp() + _period.Ticks : null;
                if (isPeriodic) _real.Change(_period, Timeout.InfiniteTimeSpan);
            }

            callback(state);
        }
    }
}
