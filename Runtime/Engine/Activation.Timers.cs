namespace EsoCore.Runtime.Engine;

/// <summary>Timers of this activation, and the sweeper's look at it.</summary>
internal sealed partial class Activation
{
    internal IGrainTimer RegisterTimer<TState>(Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        if (_status is ActivationStatus.Dead or ActivationStatus.Deactivating)
            throw new InvalidOperationException($"{GrainId} is being deactivated and takes no timers.");
        var timer = new GrainTimer<TState>(this, callback, state, options);
        (Extras.Timers ??= []).Add(timer);
        timer.Change(options.DueTime, options.Period);
        return timer;
    }

    internal void Forget(GrainTimer timer) => _extras?.Timers?.Remove(timer);

    /// <summary>
    /// Times out what is overdue. Called by the sweeper while slices may be running: it reads links that are being changed, so it may miss a request, which it will
    /// see at the next sweep, but what it finds is a request of this activation, and claiming one is atomic.
    /// </summary>
    internal void TimeOutOverdue(long nowMs)
    {
        if (_primary is { } primary && primary.DeadlineMs < nowMs) Runtime.Sweeper.TimeOut(primary);
        TimeOutChain(Volatile.Read(ref _runningHead), nowMs);
        TimeOutChain(Volatile.Read(ref _waitHead), nowMs);
        TimeOutChain(Volatile.Read(ref _ready), nowMs);
        TimeOutChain(Volatile.Read(ref _inbox), nowMs);
        CheckLifecycle(nowMs);
    }

    private void TimeOutChain(CodeGeneration.WorkItem? item, long nowMs)
    {
        for (int i = 0; item is not null && i < 2 * Runtime.Options.MailboxLimit; i++, item = item.Next)
        {
            if (item is CodeGeneration.GrainRequest request && request.DeadlineMs < nowMs) Runtime.Sweeper.TimeOut(request);
        }
    }

    private void StopTimers()
    {
        if (_extras?.Timers is not { } timers) return;
        _extras.Timers = null;
        foreach (GrainTimer timer in timers) timer.Dispose();
    }
}
