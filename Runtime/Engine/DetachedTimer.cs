namespace EsoCore.Runtime.Engine;

/// <summary>Timers that outlive whoever makes them and must not carry his context.</summary>
internal static class DetachedTimer
{
    /// <summary>Makes a timer that fires every period, or none until it is changed if the period is infinite.</summary>
    public static ITimer Create(TimeProvider timeProvider, TimerCallback callback, object state, TimeSpan period)
    {
        // Suppressing twice is an error, and a grain may have done it already.
        AsyncFlowControl? suppressed = ExecutionContext.IsFlowSuppressed() ? null : ExecutionContext.SuppressFlow();
        try
        {
            return timeProvider.CreateTimer(callback, state, period, period);
        }
        finally
        {
            suppressed?.Undo();
        }
    }
}
