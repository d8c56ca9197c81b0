using EsoCore.Runtime.CodeGeneration;
using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Engine;

/// <summary>A timer whose callbacks are requests of the grain. At most one is under way; the period begins when it has ended.</summary>
internal abstract class GrainTimer : IGrainTimer
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly ITimer _timer;
    private TimeSpan _period;
    private bool _ticking;
    private bool _dueWhileTicking;
    private bool _changed;
    private bool _disposed;

    protected GrainTimer(Activation activation, GrainTimerCreationOptions options)
    {
        Activation = activation;
        Options = options;
        _timer = DetachedTimer.Create(
            activation.Runtime.TimeProvider, static self => ((GrainTimer)self!).OnDue(), this, Timeout.InfiniteTimeSpan);
    }

    protected Activation Activation { get; }

    private GrainTimerCreationOptions Options { get; }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, nameof(dueTime), allowZero: true);
        Check(period, nameof(period), allowZero: false);
        lock (_gate)
        {
            if (_disposed) return;
            _period = period;
            _dueWhileTicking = false;
            _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
            _changed = true;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
        }

        _timer.Dispose();
        Activation.Forget(this);
        Activation.RunGuarded(_ended.Cancel);
    }

    protected abstract Task CallAsync(CancellationToken cancellationToken);

    private static void Check(TimeSpan time, string name, bool allowZero)
    {
        if (time == Timeout.InfiniteTimeSpan) return;
        ArgumentOutOfRangeException.ThrowIfLessThan(time, allowZero ? TimeSpan.Zero : TimeSpan.FromTicks(1), name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, s_longest, name);
    }

    private void OnDue()
    {
        lock (_gate)
        {
            if (_disposed) return;
            if (_ticking)
            {
                // Changed during a callback to a time that came before its end: one more, right after it.
                _dueWhileTicking = true;
                return;
            }

            _ticking = true;
            _changed = false;
        }

        Activation.Post(new Tick(this));
    }

    private void LogFailure(Exception exception) =>
        Activation.Runtime.Log.LogError(exception, "A timer of {Grain} failed", Activation.GrainId);

    private void OnTicked()
    {
        bool again;
        lock (_gate)
        {
            _ticking = false;
            if (_disposed) return;
            again = _dueWhileTicking;
            _dueWhileTicking = false;
            if (!again && !_changed && _period != Timeout.InfiniteTimeSpan) _timer.Change(_period, Timeout.InfiniteTimeSpan);
        }

        if (again) OnDue();
    }

    /// <summary>One callback, waiting in line like any request.</summary>
    private sealed class Tick : TaskRequest
    {
        private static readonly GrainMethod s_method = new(nameof(IGrainTimer), "timer", "timer", GrainMethodOptions.OneWay, null, []);
        private static readonly GrainMethod s_interleaving =
            new(nameof(IGrainTimer), "timer", "timer", GrainMethodOptions.OneWay | GrainMethodOptions.AlwaysInterleave, null, []);

        private readonly GrainTimer _timer;

        public Tick(GrainTimer timer)
        {
            _timer = timer;
            Target = timer.Activation;
            DeadlineMs = long.MaxValue;
        }

        public override GrainMethod Method => _timer.Options.Interleave ? s_interleaving : s_method;

        internal override bool CountsAsUse => _timer.Options.KeepAlive;

        internal override bool DiesWithActivation => true;

        protected override async Task Invoke(object grain)
        {
            if (_timer._disposed) return;
            try
            {
                await _timer.CallAsync(_timer._ended.Token);
            }
            catch (Exception exception) when (exception is not InconsistentStateException)
            {
                if (!_timer._ended.IsCancellationRequested) _timer.LogFailure(exception);
            }
            finally
            {
                _timer.OnTicked();
            }
        }
    }
}

/// <summary>A timer with the state of its callback.</summary>
internal sealed class GrainTimer<TState>(
    Activation activation, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    : GrainTimer(activation, options)
{
    protected override Task CallAsync(CancellationToken cancellationToken) => callback(state, cancellationToken);
}
