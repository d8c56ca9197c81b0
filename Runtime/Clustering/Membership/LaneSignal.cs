namespace EsoCore.Runtime.Clustering;

/// <summary>What a loop sleeps on: a time, or being woken. A signal that nobody waits for is kept for the next wait, once.</summary>
internal sealed class LaneSignal(TimeProvider time)
{
    private readonly SemaphoreSlim _set = new(0, 1);
    private readonly Lock _gate = new();

    public void Set()
    {
        lock (_gate)
        {
            if (_set.CurrentCount == 0) _set.Release();
        }
    }

    /// <summary>Waits for a signal, so long at most. It never throws; the caller looks at its token.</summary>
    public async Task Wait(TimeSpan atMost, CancellationToken cancel)
    {
        if (atMost <= TimeSpan.Zero) return;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await using ITimer? timer = atMost >= TimeSpan.FromDays(1)
            ? null
            : time.CreateTimer(static end => ((CancellationTokenSource)end!).Cancel(), end, atMost, Timeout.InfiniteTimeSpan);
        await _set.WaitAsync(end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Waits so long whether there is a signal or not. It never throws.</summary>
    public async Task Pause(TimeSpan length, CancellationToken cancel) =>
        await Task.Delay(length, time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}

/// <summary>Loops that outlive whoever starts them and must not carry his context.</summary>
internal static class Detached
{
    public static Task Run(Func<Task> loop)
    {
        // Suppressing twice is an error.
        AsyncFlowControl? suppressed = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        try
        {
            return Task.Run(loop);
        }
        finally
        {
            suppressed?.Undo();
        }
    }
}
