using EsoCore.Runtime.CodeGeneration;
using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Engine;

/// <summary>Turns: what runs when, on which thread, and what happens when a request ends.</summary>
internal sealed partial class Activation
{
    /// <summary>After so many turns a busy activation goes to the back of the pool's queue, so that others are served too.</summary>
    internal const int TurnsPerSlice = 32;

    /// <summary>So does one whose turns after the first have taken this long: long turns must not add up.</summary>
    internal static readonly TimeSpan TimePerSlice = TimeSpan.FromMilliseconds(5);

    private static readonly DeactivationReason s_stopping = new(DeactivationReasonCode.ShuttingDown, "The process is stopping.");
    private static readonly Action<object?> s_runSlice = static self => ((Activation)self!).RunSlice();

    private GrainRequest? _primary;
    private GrainRequest? _runningHead;
    private int _runningCount;
    private int _blockingCount;
    private bool _blockingReadOnly;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>One slice, on a pool thread; never two at once for one activation.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        SliceSlot slot = SliceSlot.OfThisThread;
        slot.Current = this;

        long start = slot.BeginMeasuring(Runtime);

        // Running the slice as a task of this scheduler is what makes TaskScheduler.Current right inside grain code.
        var slice = new Task(s_runSlice, this);
        slice.RunSynchronously(this);
        if (slice.IsFaulted) Environment.FailFast("The engine failed outside grain code; its state cannot be trusted.", slice.Exception);

        // From here on, if it went idle, another thread may already be running the next slice: its fields are off limits.
        slot.Current = null;
        if (start != 0) Runtime.Metrics.SliceEnded(Runtime.TimeProvider.GetElapsedTime(start));
        GrainRequest? tail = slot.Tail;
        slot.Tail = null;

        // Last, on this thread, with nothing left to hold up: the outside caller's continuation, which may do as it likes.
        tail?.Complete();
    }

    protected override void QueueTask(Task task) => Post(new TaskItem(task));

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(SliceSlot.CurrentActivation, this) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [];

    internal void RunTask(Task task) => TryExecuteTask(task);

    /// <summary>Runs engine code that calls into user code, as part of a turn.</summary>
    internal void RunGuarded(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception)
        {
            Runtime.Log.LogError(exception, "A callback of {Grain} failed", GrainId);
        }
    }

    private void RunSlice()
    {
        long start = 0;
        for (int turns = 0; turns < TurnsPerSlice && !IsSliceOver(turns, ref start); turns++)
        {
            if (_status == ActivationStatus.Created) BeginActivation();
            RunNext();
            if (_status == ActivationStatus.Ending && _runningCount == 0) BeginDeactivation();
            if (HasWork())
            {
                // A finished answer does not wait for other calls' work.
                SliceSlot.OfThisThread.SendTail();
                continue;
            }

            if (Runtime.IsStopping && IsQuiet()) End(s_stopping);
            if (_runningCount > 0 || _status is not (ActivationStatus.Active or ActivationStatus.Dead)) Runtime.Sweeper.Watch(this);
            bool deactivates = _status == ActivationStatus.Ending && _runningCount == 0;
            if (!deactivates && TryGoIdle()) return;
        }

        Runtime.Sweeper.Watch(this);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Most slices have one turn, so the clock is first read when there is a second.</summary>
    private bool IsSliceOver(int turns, ref long start)
    {
        if (turns == 0) return false;
        if (turns > 1) return Runtime.TimeProvider.GetElapsedTime(start) > TimePerSlice;
        start = Runtime.TimeProvider.GetTimestamp();
        return false;
    }

    private void RunNext()
    {
        if (_waitHead is not null && CanStartWaiting())
        {
            GrainRequest waiting = TakeWaiting();
            if (_status == ActivationStatus.Dead) Forward(waiting);
            else if (!waiting.IsClaimed) StartRequest(waiting);
            return;
        }

        WorkItem? item = TakeNext();
        if (item is GrainRequest request && _status == ActivationStatus.Dead) Forward(request);
        else item?.Run(this);
    }

    /// <summary>Looks at a request whose turn in the queue has come: starts it or puts it in line.</summary>
    internal void Admit(GrainRequest request)
    {
        if (request.IsClaimed) return;
        if (_status == ActivationStatus.Active)
        {
            if (CanInterleave(request) && (_waitHead is null || request.Interleaves || request.ClosesCircle()))
            {
                StartRequest(request);
                return;
            }

        }

        if (_status is ActivationStatus.Active or ActivationStatus.Activating && request.Caller is not null && request.ClosesCircle())
        {
            request.Abort(new TimeoutException(
                $"The call would wait for itself until the response timeout: {request.DescribeChain()}. "
                + "Make a method of the circle [AlwaysInterleave] or [OneWay], or the class [Reentrant]."));
            return;
        }

        Wait(request);
    }

    /// <summary>Ends a request in a turn of its grain: the outcome is known.</summary>
    internal void Finish(GrainRequest request)
    {
        request.Finished = true;
        if (ReferenceEquals(_primary, request)) _primary = null;
        Volatile.Write(ref _runningCount, _runningCount - 1);
        if (!request.Interleaves) _blockingCount--;
        if (request.Linked) Unlink(request);
        if (request.CountsAsUse) _lastUsedSeconds = Runtime.Clock.NowSeconds;
        if (request.Failure is InconsistentStateException { IsAtSource: true } conflict)
        {
            conflict.IsAtSource = false;
            End(new DeactivationReason(DeactivationReasonCode.ApplicationError, conflict, "The state was changed by someone else."));
        }

        if (request.TryClaim()) Deliver(request);
    }

    /// <summary>Whether a request with this mark runs here and keeps others waiting. Called in a turn.</summary>
    internal bool IsServing(int mark)
    {
        if (_primary is { Finished: false, Interleaves: false } primary && primary.Mark == mark) return true;
        for (GrainRequest? running = _runningHead; running is not null; running = (GrainRequest?)running.Next)
        {
            if (!running.Finished && !running.Interleaves && running.Mark == mark) return true;
        }

        return false;
    }

    private bool CanStartWaiting() =>
        _status == ActivationStatus.Dead || (_status == ActivationStatus.Active && (_waitHead!.IsClaimed || CanInterleave(_waitHead)));

    private bool HasWork() =>
        _ready is not null || !ReferenceEquals(Volatile.Read(ref _inbox), s_nothing) || (_waitHead is not null && CanStartWaiting());

    private bool IsQuiet() => _status == ActivationStatus.Active && _runningCount == 0 && _waitHead is null;

    private bool CanInterleave(GrainRequest request) =>
        _blockingCount == 0 || Class.IsReentrant || request.Interleaves || (_blockingReadOnly && request.IsReadOnly);

    private void StartRequest(GrainRequest request)
    {
        if (request.DeadlineMs < Runtime.Clock.NowMs)
        {
            Runtime.Sweeper.TimeOut(request);
            return;
        }

        _runningCount++;
        if (!request.Interleaves)
        {
            _blockingCount++;
            _blockingReadOnly = request.IsReadOnly;
        }

        bool ended = Enter(request);
        if (ended) Finish(request);
        else Link(request);
    }

    /// <summary>Calls the method with the context it belongs to, and leaves no trace of that context on the thread.</summary>
    private bool Enter(GrainRequest request)
    {
        // Setting a context costs allocations all the way down the method, so the common case, one request without values, is known by
        // _primary instead.
        if (request.ContextValues is null && _primary is null) _primary = request;
        else RequestContext.Current.Value = new CallContext(request.ContextValues, request);

        bool ended = request.Start(_grain!);
        if (!ReferenceEquals(ExecutionContext.Capture(), SliceSlot.PlainContext)) ExecutionContext.Restore(SliceSlot.PlainContext);
        return ended;
    }

    private void Deliver(GrainRequest request)
    {
        if (request.IsOneWay)
        {
            if (request.Failure is { } failure) Runtime.Log.LogWarning(failure, "A one-way call failed: {Chain}", request.DescribeChain());
            if (request.Origin == RequestOrigin.Remote) request.AnswerCaller();
            return;
        }

        // A grain's continuation is queued on that grain's scheduler, so completing here runs none of it.
        if (request.Origin == RequestOrigin.Grain)
        {
            request.Complete();
            return;
        }

        if (request.Origin == RequestOrigin.Remote)
        {
            request.AnswerCaller();
            return;
        }

        // Anyone else's would run right here. The last one may, once the slice is over; the others are not made to wait for it.
        SliceSlot slot = SliceSlot.OfThisThread;
        slot.SendTail();
        slot.Tail = request;
    }

    private void Link(GrainRequest request)
    {
        request.Linked = true;
        request.Next = _runningHead;
        if (_runningHead is not null) _runningHead.Previous = request;
        _runningHead = request;
    }

    // The request keeps its Next, so that a sweeper standing on it finds the way on.
    private void Unlink(GrainRequest request)
    {
        request.Linked = false;
        var next = (GrainRequest?)request.Next;
        if (request.Previous is { } previous) previous.Next = next;
        else _runningHead = next;
        if (next is not null) next.Previous = request.Previous;
    }

    /// <summary>Lets go of waiting requests whose callers have given up, so that a stuck grain does not hoard them.</summary>
    private sealed class PurgeItem : WorkItem
    {
        internal override void Run(Activation activation)
        {
            for (int left = activation.CountWaiting(); left > 0; left--)
            {
                GrainRequest request = activation.TakeWaiting();
                if (!request.IsClaimed) activation.Wait(request);
            }
        }
    }

    private sealed class TaskItem(Task task) : WorkItem
    {
        internal override void Run(Activation activation) => activation.RunTask(task);
    }
}
