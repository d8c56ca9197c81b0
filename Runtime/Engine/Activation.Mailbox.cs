using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// The mailbox: a stack of links that producers push by compare-and-swap and the slice takes whole and turns round. The inbox is null while
/// the activation is idle,
/// so whoever pushes onto null, and only he, schedules it; <see cref="s_nothing"/> marks "scheduled or running, nothing new".
/// </summary>
internal sealed partial class Activation
{
    private static readonly WorkItem s_nothing = new NothingNew();

    private WorkItem? _inbox;

    /// <summary>Taken from the inbox, in order, not yet looked at. Touched by the slice only; the sweeper peeks.</summary>
    private WorkItem? _ready;

    /// <summary>Requests that must wait for a running one, in order.</summary>
    private GrainRequest? _waitHead;
    private GrainRequest? _waitTail;

    /// <summary>How many items were taken from the inbox and not started.</summary>
    private int _backlog;

    /// <summary>Items not yet started; exact enough for a limit and a gauge.</summary>
    internal int MailboxDepth => (Volatile.Read(ref _inbox)?.Depth ?? 0) + Volatile.Read(ref _backlog);

    /// <summary>Whether a slice is running or on its way to the pool.</summary>
    internal bool IsScheduled => Volatile.Read(ref _inbox) is not null;

    /// <summary>Items not yet started and requests not yet ended.</summary>
    internal int Load => MailboxDepth + Volatile.Read(ref _runningCount);

    /// <summary>Whether there is nothing in the mailbox, nothing running and no change of life under way.</summary>
    internal bool IsIdle =>
        Volatile.Read(ref _inbox) is null && Volatile.Read(ref _runningCount) == 0
        && _status is ActivationStatus.Active or ActivationStatus.Dead;

    /// <summary>Takes a request. False if the activation has ended and the caller must find the next one.</summary>
    public bool TryEnqueue(GrainRequest request)
    {
        if (_status == ActivationStatus.Dead) return false;
        request.Target = this;
        if (MailboxDepth >= Runtime.Options.MailboxLimit)
        {
            Runtime.Metrics.Overloaded();
            request.Refuse(new LimitExceededException(
                $"The mailbox of {GrainId} holds {Runtime.Options.MailboxLimit} requests "
                + $"({nameof(RuntimeOptions)}.{nameof(RuntimeOptions.MailboxLimit)}): {request.DescribeChain()}"));
            return true;
        }

        // If the activation ends in between, its last slice sends the request on.
        Post(request);
        return true;
    }

    /// <summary>Puts an item in, whatever the state and the depth.</summary>
    public void Post(WorkItem item)
    {
        WorkItem? head = Volatile.Read(ref _inbox);
        while (true)
        {
            item.Next = head;
            item.Depth = (head?.Depth ?? 0) + 1;
            WorkItem? seen = Interlocked.CompareExchange(ref _inbox, item, head);
            if (seen == head) break;
            head = seen;
        }

        // Not on the thread's own queue: that one is served last in, first out, and the first in would wait for seconds under load.
        if (head is null) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private WorkItem? TakeNext()
    {
        WorkItem? item = _ready ?? TakeInbox();
        if (item is null) return null;
        _ready = item.Next;
        _backlog--;
        item.Next = null;
        return item;
    }

    private WorkItem? TakeInbox()
    {
        WorkItem? item = Interlocked.Exchange(ref _inbox, s_nothing);
        if (ReferenceEquals(item, s_nothing)) return null;
        _backlog += item!.Depth;
        WorkItem? first = null;
        while (item is not null && !ReferenceEquals(item, s_nothing))
        {
            WorkItem? older = item.Next;
            item.Next = first;
            first = item;
            item = older;
        }

        return first;
    }

    private bool TryGoIdle() => ReferenceEquals(Interlocked.CompareExchange(ref _inbox, null, s_nothing), s_nothing);

    private void Wait(GrainRequest request)
    {
        _backlog++;
        if (_waitTail is null) _waitHead = request;
        else _waitTail.Next = request;
        _waitTail = request;
    }

    private GrainRequest TakeWaiting()
    {
        GrainRequest request = _waitHead!;
        _waitHead = (GrainRequest?)request.Next;
        if (_waitHead is null) _waitTail = null;
        request.Next = null;
        _backlog--;
        return request;
    }

    private int CountWaiting()
    {
        int count = 0;
        for (WorkItem? at = _waitHead; at is not null; at = at.Next) count++;
        return count;
    }

    private sealed class NothingNew : WorkItem
    {
        internal override void Run(Activation activation) =>
            throw new InvalidOperationException("The mark for an empty inbox is not an item.");
    }
}
