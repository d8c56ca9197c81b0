using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>Timers of this activation, and the sweeper's look at it.</summary>
internal sealed partial class Activation
{
    internal IGrainTimer RegisterTimer<TState>(
        Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
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
    /// Times out what is overdue. Called by the sweeper while slices may be running: it reads links that are being changed, so it may miss
    /// a request, which it will
    /// see at the next sweep, but what it finds is a request of this activation, and claiming one is atomic.
    /// </summary>
    internal void TimeOutOverdue(long nowMs)
    {
        bool waitersGone = false;
        ForEachUnfinished(request =>
        {
            if (request.DeadlineMs < nowMs && Runtime.Sweeper.TimeOut(request)) waitersGone |= !request.Linked;
        });
        if (waitersGone) Post(new PurgeItem());
        CheckLifecycle(nowMs);
    }

    /// <summary>
    /// Fails what is unfinished because the silo stops without waiting for it. Called from outside the turns, like <see
    /// cref="TimeOutOverdue"/>.
    /// </summary>
    internal void Abandon() => ForEachUnfinished(static request =>
        request.Abort(new SiloUnavailableException($"The silo stopped before the call was done: {request.DescribeChain()}")));

    private void ForEachUnfinished(Action<GrainRequest> action)
    {
        if (_primary is { } primary) action(primary);
        ForEachIn(Volatile.Read(ref _runningHead), action);
        ForEachIn(Volatile.Read(ref _waitHead), action);
        ForEachIn(Volatile.Read(ref _ready), action);
        ForEachIn(Volatile.Read(ref _inbox), action);
    }

    private void ForEachIn(WorkItem? item, Action<GrainRequest> action)
    {
        // Bounded, because the links may lead anywhere within this activation while they are being changed.
        for (int i = 0; item is not null && i < 2 * Runtime.Options.MailboxLimit; i++, item = item.Next)
        {
            if (item is GrainRequest request) action(request);
        }
    }

    private void StopTimers()
    {
        if (_extras?.Timers is not { } timers) return;
        _extras.Timers = null;
        foreach (GrainTimer timer in timers) timer.Dispose();
    }
}
