using System.Runtime.CompilerServices;
using EsoCore.Runtime.Engine;
using EsoCore.Runtime.Serialization;

namespace EsoCore.Runtime.CodeGeneration;

/// <summary>The result of a call that has none.</summary>
public readonly struct Nothing;

/// <summary>A call with a result of a known type.</summary>
public abstract class GrainRequest<T> : GrainRequest
{
    // A builder is the leanest promise there is: eight bytes here and the task itself. It does not force continuations onto the pool;
    // Activation.Deliver sees to where they run.
    private AsyncTaskMethodBuilder<T> _promise;
    private T? _result;
    private Task? _pending;

    internal Task<T> Promise => _promise.Task;

    internal override void Complete()
    {
        if (Error is null) _promise.SetResult(_result!);
        else _promise.SetException(Error);
    }

    private protected override void CompleteWith(Exception exception) => _promise.SetException(exception);

    internal override void CheckResult(CodecCheck check) => check.Add<T>();

    internal override void WriteResult(ref MessageWriter writer, uint id) => Codecs<T>.Instance.Write(ref writer, id, _result!);

    internal override void ReadResult(ref MessageReader reader, WireType type) => _result = Codecs<T>.Instance.Read(ref reader, type);

    private protected bool Succeed(T result)
    {
        _result = result;
        return true;
    }

    private protected bool Fail(Exception exception)
    {
        Error = exception;
        return true;
    }

    /// <summary>Takes the outcome of a task that has ended, or arranges for it to be taken, in a turn of the grain, when it ends.</summary>
    private protected bool Follow(Task? task)
    {
        if (task is null) return Fail(new InvalidOperationException($"{Describe()} returned null instead of a task."));
        _pending = task;
        if (task.IsCompleted) return TakeOutcome();
        task.GetAwaiter().UnsafeOnCompleted(OnPendingCompleted);
        return false;
    }

    private void OnPendingCompleted()
    {
        TakeOutcome();
        Target!.Finish(this);
    }

    private bool TakeOutcome()
    {
        Task task = _pending!;
        _pending = null;
        if (task.IsCompletedSuccessfully) return Succeed(task is Task<T> typed ? typed.Result : default!);
        return Fail(task.IsCanceled ? new TaskCanceledException(task) : task.Exception!.InnerException!);
    }
}

/// <summary>A call of a method that returns <see cref="Task"/>.</summary>
public abstract class TaskRequest : GrainRequest<Nothing>
{
    /// <summary>Calls the method on the grain.</summary>
    protected abstract Task Invoke(object grain);

    internal override bool Start(object grain)
    {
        try
        {
            Task task = Invoke(grain);
            return task is { IsCompletedSuccessfully: true } ? Succeed(default) : Follow(task);
        }
        catch (Exception exception)
        {
            return Fail(exception);
        }
    }
}

/// <summary>A call of a method that returns <see cref="Task{T}"/>.</summary>
public abstract class TaskRequest<T> : GrainRequest<T>
{
    /// <summary>Calls the method on the grain.</summary>
    protected abstract Task<T> Invoke(object grain);

    internal override bool Start(object grain)
    {
        try
        {
            Task<T> task = Invoke(grain);
            return task is { IsCompletedSuccessfully: true } ? Succeed(task.Result) : Follow(task);
        }
        catch (Exception exception)
        {
            return Fail(exception);
        }
    }
}

/// <summary>A call of a method that returns <see cref="ValueTask"/>.</summary>
public abstract class ValueTaskRequest : GrainRequest<Nothing>
{
    /// <summary>Calls the method on the grain.</summary>
    protected abstract ValueTask Invoke(object grain);

    internal override bool Start(object grain)
    {
        try
        {
            ValueTask task = Invoke(grain);
            if (!task.IsCompletedSuccessfully) return Follow(task.AsTask());
            task.GetAwaiter().GetResult();
            return Succeed(default);
        }
        catch (Exception exception)
        {
            return Fail(exception);
        }
    }
}

/// <summary>A call of a method that returns <see cref="ValueTask{T}"/>.</summary>
public abstract class ValueTaskRequest<T> : GrainRequest<T>
{
    /// <summary>Calls the method on the grain.</summary>
    protected abstract ValueTask<T> Invoke(object grain);

    internal override bool Start(object grain)
    {
        try
        {
            ValueTask<T> task = Invoke(grain);
            return task.IsCompletedSuccessfully ? Succeed(task.Result) : Follow(task.AsTask());
        }
        catch (Exception exception)
        {
            return Fail(exception);
        }
    }
}
