using System.Collections.Concurrent;
using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>Which activations live in this process, and making and ending them.</summary>
internal sealed class Catalog(GrainRuntime runtime)
{
    private readonly ActivationTable _activations = new();
    private readonly ConcurrentDictionary<GrainId, WorkerPool> _workers = new();
    private int _workerCount;
    private TaskCompletionSource? _emptied;

    public int Count => _activations.Count + Volatile.Read(ref _workerCount);

    /// <summary>The activation to send a request to, made if there is none.</summary>
    public Activation GetOrCreate(GrainClass grainClass, GrainId id) => _activations.GetOrAdd(id, id => Create(grainClass, id));

    /// <summary>
    /// The activation of a stateless worker to send a request to; null if the pool was just given up, and another try will find a new one.
    /// </summary>
    public Activation? ChooseWorker(GrainClass grainClass, GrainId id) =>
        _workers.GetOrAdd(id, static (id, both) => new WorkerPool(both.Item1, both.grainClass, id), (this, grainClass)).Choose();

    public Activation? Find(GrainId id) => _activations.Find(id);

    public Activation CreateWorker(GrainClass grainClass, GrainId id)
    {
        Interlocked.Increment(ref _workerCount);
        return Create(grainClass, id);
    }

    public void Remove(Activation activation, DeactivationReasonCode reason)
    {
        if (!activation.Class.IsStatelessWorker) _activations.Remove(activation);
        else RemoveWorker(activation);
        if (reason == DeactivationReasonCode.ActivationIdle) runtime.Metrics.Collected();
        if (runtime.IsStopping && Count == 0) Volatile.Read(ref _emptied)?.TrySetResult();
    }

    /// <summary>
    /// Asks the activations of one of <see cref="ActivationTable.ShardCount"/> parts that have been idle long enough to end.
    /// </summary>
    public void Collect(int shard, int nowSeconds)
    {
        void Ask(Activation activation)
        {
            if (activation.MayBeCollected(nowSeconds)) activation.AskToCollect();
        }

        _activations.ForEach(shard, Ask);
        if (shard != 0) return;
        foreach ((GrainId id, WorkerPool pool) in _workers)
        {
            pool.ForEach(Ask);
            if (pool.TryRetire()) _workers.TryRemove(new(id, pool));
        }
    }

    /// <summary>
    /// Ends all activations, each when what it has begun or been sent is done. Those made later, for calls of grains still at work, end in
    /// the same way.
    /// </summary>
    public Task DrainAsync()
    {
        var emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _emptied, emptied);
        ForEach(static activation => activation.Post(new Nudge()));
        if (Count == 0) emptied.TrySetResult();
        return emptied.Task;
    }

    /// <summary>Fails the calls of all activations that are left.</summary>
    public void Abandon() => ForEach(static activation => activation.Abandon());

    /// <summary>Visits all activations but those of stateless workers, which belong to no silo in particular.</summary>
    public void ForEachPlaced(Action<Activation> action)
    {
        for (int shard = 0; shard < ActivationTable.ShardCount; shard++) _activations.ForEach(shard, action);
    }

    private void ForEach(Action<Activation> action)
    {
        for (int shard = 0; shard < ActivationTable.ShardCount; shard++) _activations.ForEach(shard, action);
        foreach (WorkerPool pool in _workers.Values) pool.ForEach(action);
    }

    private void RemoveWorker(Activation worker)
    {
        if (_workers.TryGetValue(worker.GrainId, out WorkerPool? pool) && pool.Remove(worker)) Interlocked.Decrement(ref _workerCount);
    }

    private Activation Create(GrainClass grainClass, GrainId id)
    {
        runtime.Metrics.Created();
        return new Activation(grainClass, id);
    }

    /// <summary>Does nothing but make the activation run a slice, at whose end it sees that the process is stopping.</summary>
    private sealed class Nudge : WorkItem
    {
        internal override void Run(Activation activation)
        {
        }
    }
}
