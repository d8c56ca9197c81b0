using System.Runtime.CompilerServices;
using System.Text;
using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.Engine;
using EsoCore.Runtime.Serialization;

namespace EsoCore.Runtime.CodeGeneration;

/// <summary>
/// One call of a grain method: the arguments, the message in the mailbox and the answer's promise in one object. Generated code derives a
/// class per method.
/// Whoever claims the request first (the end of the method, the response timeout, cancellation, a refusal) decides its outcome; later ones
/// are dropped.
/// </summary>
public abstract class GrainRequest : WorkItem, IThreadPoolWorkItem
{
    /// <summary>
    /// Chains are cut beyond this length, so that grains which call on without waiting do not hold an ever longer history.
    /// </summary>
    internal const int MaxChainLength = 64;

    /// <summary>How many calls an error names in either direction.</summary>
    internal const int MaxDescribed = 16;

    private const int Claimed = 1;

    internal GrainRequest? Previous;
    internal GrainRequest? Caller;

    /// <summary>The last call made by this one; what it waits for, if it waits.</summary>
    internal GrainRequest? Callee;
    internal Activation? Target;
    internal Dictionary<string, object>? ContextValues;
    internal long DeadlineMs;
    private protected Exception? Error;
    private int _claim;
    private byte _chainLength;
    internal RequestOrigin Origin;
    internal bool Linked;
    internal volatile bool Finished;

    /// <summary>The method called.</summary>
    public abstract GrainMethod Method { get; }

    /// <summary>The number of arguments, without a <see cref="CancellationToken"/>.</summary>
    public virtual int ArgumentCount => 0;

    /// <summary>The cancellation of this call, if the method takes a token.</summary>
    public virtual CallCancellation? Cancellation => null;

    internal bool IsOneWay => (Method.Options & GrainMethodOptions.OneWay) != 0;

    internal bool IsReadOnly => (Method.Options & GrainMethodOptions.ReadOnly) != 0;

    internal virtual bool Interleaves => (Method.Options & GrainMethodOptions.AlwaysInterleave) != 0;

    /// <summary>Whether serving it counts as use of the grain.</summary>
    internal virtual bool CountsAsUse => true;

    /// <summary>Whether it means nothing to the next activation and is dropped with this one.</summary>
    internal virtual bool DiesWithActivation => false;

    internal bool IsClaimed => Volatile.Read(ref _claim) == Claimed;

    internal Exception? Failure => Error;

    /// <summary>
    /// Tells this request from others of its grain, here and in the chain of a call that comes back from another process.
    /// </summary>
    internal int Mark => RuntimeHelpers.GetHashCode(this);

    /// <summary>The argument at this index.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such argument.</exception>
    public virtual object? GetArgument(int index) => throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>Sets the argument at this index.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such argument.</exception>
    public virtual void SetArgument(int index, object? value) => throw new ArgumentOutOfRangeException(nameof(index));

    /// <summary>Writes the arguments as fields, each under its index.</summary>
    public virtual void WriteArguments(ref MessageWriter writer)
    {
    }

    /// <summary>Reads the arguments up to the end of the group.</summary>
    public virtual void ReadArguments(ref MessageReader reader) => reader.SkipGroup();

    /// <summary>Tells of the types of the arguments, so that a start can find one that cannot cross.</summary>
    public virtual void CheckArguments(CodecCheck check)
    {
    }

    /// <summary>Tells of the type of the result.</summary>
    internal abstract void CheckResult(CodecCheck check);

    /// <summary>Writes the result as a field.</summary>
    internal abstract void WriteResult(ref MessageWriter writer, uint id);

    /// <summary>Reads the result, which is handed over by <see cref="Complete"/>.</summary>
    internal abstract void ReadResult(ref MessageReader reader, WireType type);

    /// <summary>Writes what the caller learns beside the result, whether the call succeeded or not.</summary>
    internal virtual void WriteRemarks(ref MessageWriter writer, uint id)
    {
    }

    /// <summary>Reads what <see cref="WriteRemarks"/> wrote.</summary>
    internal virtual void ReadRemarks(ref MessageReader reader, WireType type) => reader.Skip(type);

    /// <summary>
    /// Calls the method. True if it has ended and the outcome is in the fields; false if <see cref="Activation.Finish"/> will be called in
    /// a later turn.
    /// </summary>
    internal abstract bool Start(object grain);

    /// <summary>Hands the outcome to whoever awaits the call.</summary>
    internal abstract void Complete();

    private protected abstract void CompleteWith(Exception exception);

    internal bool TryClaim() => Interlocked.Exchange(ref _claim, Claimed) == 0 && ReleaseCancellation();

    internal override void Run(Activation activation) => activation.Admit(this);

    // On the pool: the continuation of an outside caller, kept off the turns of the grain that answered.
    void IThreadPoolWorkItem.Execute() => Complete();

    internal void SetCaller(GrainRequest? caller)
    {
        if (caller is null || caller._chainLength >= MaxChainLength) return;
        Caller = caller;
        caller.Callee = this;
        _chainLength = (byte)(caller._chainLength + 1);
    }

    /// <summary>Makes it a call of another process.</summary>
    internal void SetIncoming(IncomingCall call, Dictionary<string, object>? contextValues)
    {
        Origin = RequestOrigin.Remote;
        Caller = call;
        ContextValues = contextValues;
        _chainLength = (byte)Math.Min(call.Chain.Length, MaxChainLength);
    }

    /// <summary>Ends the call with the outcome that came from another process: an error, or what is in the fields.</summary>
    internal void Conclude(Exception? failure)
    {
        if (!TryClaim()) return;
        Error = failure;
        if (Origin == RequestOrigin.Grain) Complete();
        else if (Origin == RequestOrigin.Remote) AnswerCaller();
        else ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Ends a one-way call that was sent to another process.</summary>
    internal void Settle()
    {
        if (TryClaim() && Origin == RequestOrigin.Remote) AnswerCaller();
    }

    /// <summary>Sends the outcome back to the process that the call came from.</summary>
    internal void AnswerCaller() => ((IncomingCall)Caller!).Answer(this);

    /// <summary>Ends the call with an error, unless it has ended. The method, if it runs, is asked to stop but not stopped.</summary>
    /// <param name="exception">What the caller gets.</param>
    /// <param name="stopMethod">Whether to cancel the method's token.</param>
    internal bool Abort(Exception exception, bool stopMethod = false)
    {
        if (!TryClaim()) return false;
        if (stopMethod) Cancellation?.StopMethod(this);
        if (Origin == RequestOrigin.Remote)
        {
            Error = exception;
            AnswerCaller();
            return true;
        }

        if (IsOneWay) return true;
        if (Origin == RequestOrigin.Grain)
        {
            CompleteWith(exception);
            return true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(
            static failed => failed.Request.CompleteWith(failed.Exception), (Request: this, Exception: exception), preferLocal: false);
        return true;
    }

    /// <summary>
    /// Ends the call before it was sent, on the caller's own thread; if that is not where it is, like <see cref="Abort"/>.
    /// </summary>
    internal void Refuse(Exception exception)
    {
        // A call sent on by an activation that ended is in a turn of that activation, where nothing of an outside caller may run.
        if (SliceSlot.CurrentActivation is not null || Origin == RequestOrigin.Remote) Abort(exception);
        else if (TryClaim() && !IsOneWay) CompleteWith(exception);
    }

    /// <summary>The calls that led here and on from here, outermost first: <c>A/1.Foo -> B/2.Bar</c>.</summary>
    /// <param name="grain">Whose method it is, if another process has that grain.</param>
    internal string DescribeChain(GrainId? grain = null)
    {
        var text = new StringBuilder(grain is { } elsewhere ? $"{elsewhere}.{Method.Name}" : Describe());
        GrainRequest? caller = Caller;
        for (int i = 0; caller is not null && i < MaxDescribed; i++, caller = caller.Caller)
        {
            if (caller.Describe() is { Length: > 0 } described) text.Insert(0, " -> ").Insert(0, described);
        }

        if (caller is not null) text.Insert(0, "... -> ");
        GrainRequest? callee = Callee;
        for (int i = 0; callee is { Finished: false } && i < MaxDescribed; i++, callee = callee.Callee)
            text.Append(" -> ").Append(callee.Describe());
        if (callee is { Finished: false }) text.Append(" -> ...");
        return text.ToString();
    }

    /// <summary>Whether this request, waiting at its target, waits for a request there that in turn waits for this one.</summary>
    internal bool ClosesCircle()
    {
        if (IsOneWay) return false;
        for (GrainRequest? caller = Caller; caller is { Finished: false }; caller = caller.Caller)
        {
            if (caller.LeadsTo(Target!)) return true;
            if (caller.IsOneWay) return false;
        }

        return false;
    }

    /// <summary>Whether it is served by this activation and keeps others waiting.</summary>
    internal virtual bool LeadsTo(Activation target) => Target == target && !Interleaves;

    /// <summary>How an error names it; nothing for a caller that has no name.</summary>
    private protected virtual string Describe() => $"{Target?.GrainId.ToString() ?? Method.InterfaceAlias}.{Method.Name}";

    private bool ReleaseCancellation()
    {
        Cancellation?.Unlink();
        return true;
    }
}

/// <summary>Where a call came from, which decides where its outcome is handed over.</summary>
internal enum RequestOrigin : byte
{
    /// <summary>Code of this process that is no grain.</summary>
    Outside,

    /// <summary>A grain of this process.</summary>
    Grain,

    /// <summary>Another process.</summary>
    Remote,
}
