using EsoCore.Tests.Support;

namespace EsoCore.Tests.Device;

/// <summary>
/// Runs asynchronous code on the calling thread and moves the clock to its next timer only when nothing else is left to run,
/// so that a run over simulated hours is the same each time. The code under test must not leave for the thread pool.
/// </summary>
internal sealed class ClockPump(FakeTimeProvider clock) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _ready = new();

    public override void Post(SendOrPostCallback d, object? state) => _ready.Enqueue((d, state));

    public T Run<T>(Func<Task<T>> start)
    {
        var outer = Current;
        SetSynchronizationContext(this);
        try
        {
            var task = start();
            while (!task.IsCompleted)
            {
                if (_ready.TryDequeue(out var next))
                    next.Callback(next.State);
                else if (clock.NextDue is { } due)
                    clock.Advance(due - clock.GetUtcNow());
                else
                    throw new InvalidOperationException("Nothing is left to run and no timer is due: the code left this thread, or waits for ever.");
            }

            return task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
    }
}
