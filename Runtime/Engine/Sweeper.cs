using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// One timer for the whole runtime: it advances the clock, times out overdue requests and finds idle activations. There is no timer and no
/// list entry per call:
/// a call can only be overdue if its activation is on the busy list (its slice ended with something unfinished) or in a slot (its slice has
/// not ended).
/// </summary>
internal sealed class Sweeper(GrainRuntime runtime) : IDisposable
{
    /// <summary>How often it looks, and so by how much a timeout may be late.</summary>
    internal const int TickMs = 100;

    private readonly Lock _gate = new();
    private Activation? _busy;
    private ITimer? _timer;
    private long _nextCollectionMs;
    private int _collectShard = ActivationTable.ShardCount;

    public void Start()
    {
        _nextCollectionMs = runtime.Clock.NowMs + (long)runtime.Options.CollectionInterval.TotalMilliseconds;
        var tick = TimeSpan.FromMilliseconds(TickMs);
        _timer = DetachedTimer.Create(runtime.TimeProvider, static self => ((Sweeper)self!).Tick(), this, tick);
    }

    public void Dispose() => _timer?.Dispose();

    /// <summary>Puts an activation on the busy list unless it is there.</summary>
    public void Watch(Activation activation)
    {
        if (Interlocked.Exchange(ref activation.OnBusyList, 1) != 0) return;
        Activation? head = Volatile.Read(ref _busy);
        while (true)
        {
            activation.NextBusy = head;
            Activation? seen = Interlocked.CompareExchange(ref _busy, activation, head);
            if (seen == head) return;
            head = seen;
        }
    }

    /// <summary>Requests waiting in mailboxes. Activations whose slice has not ended yet are not counted.</summary>
    public long CountWaiting()
    {
        long waiting = 0;
        lock (_gate)
        {
            for (Activation? at = Volatile.Read(ref _busy); at is not null; at = at.NextBusy) waiting += at.MailboxDepth;
        }

        return waiting;
    }

    /// <summary>Ends a call because its time is over; with the silo it was sent to, if it was, and the grain there.</summary>
    public bool TimeOut(GrainRequest request, SiloAddress? silo = null, GrainId? grain = null)
    {
        if (request.IsClaimed) return false;
        int timeoutMs = request.Method.TimeoutMs > 0 ? request.Method.TimeoutMs : runtime.ResponseTimeoutMs;
        string from = silo is null ? "" : $" from {silo}";
        var within = TimeSpan.FromMilliseconds(timeoutMs);
        var exception = new TimeoutException($"No answer{from} within {within}: {request.DescribeChain(grain)}");
        if (!request.Abort(exception, stopMethod: true)) return false;
        runtime.Metrics.TimedOut();
        return true;
    }

    private void Tick()
    {
        // Ticks that pile up while one is slow are of no use.
        if (!_gate.TryEnter()) return;
        try
        {
            long now = runtime.Clock.Advance();
            SweepBusy(now);
            SliceSlot.ForEachCurrent(activation =>
            {
                if (ReferenceEquals(activation.Runtime, runtime)) activation.TimeOutOverdue(now);
            });
            runtime.Cluster?.Sweep(now);
            Collect(now);
        }
        finally
        {
            _gate.Exit();
        }
    }

    private void SweepBusy(long now)
    {
        Activation? at = Interlocked.Exchange(ref _busy, null);
        while (at is not null)
        {
            Activation? next = at.NextBusy;
            at.NextBusy = null;
            at.TimeOutOverdue(now);

            // The flag goes down before the look, so that an activation which becomes busy in between puts itself back.
            Interlocked.Exchange(ref at.OnBusyList, 0);
            if (!at.IsIdle) Watch(at);
            at = next;
        }
    }

    /// <summary>Works through the catalog a shard a tick, so that a million activations make no pause.</summary>
    private void Collect(long now)
    {
        if (_collectShard == ActivationTable.ShardCount)
        {
            if (now < _nextCollectionMs) return;
            _nextCollectionMs = now + (long)runtime.Options.CollectionInterval.TotalMilliseconds;
            _collectShard = 0;
        }

        runtime.Catalog.Collect(_collectShard++, runtime.Clock.NowSeconds);
    }
}
