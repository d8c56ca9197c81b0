using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// The activations of one stateless worker. A request goes to an idle one, else to a new one up to the limit, else to the one with the
/// shortest mailbox.
/// </summary>
internal sealed class WorkerPool(Catalog catalog, GrainClass grainClass, GrainId id)
{
    private readonly Lock _gate = new();
    private Activation[] _workers = [];
    private bool _retired;

    /// <summary>The worker to send a request to, or null if the pool is retired.</summary>
    public Activation? Choose()
    {
        Activation? best = Best(Volatile.Read(ref _workers));
        if (best is { IsIdle: true }) return best;
        lock (_gate)
        {
            if (_retired) return null;
            best = Best(_workers);
            if (best is { IsIdle: true } || _workers.Length >= grainClass.MaxWorkers) return best!;
            Activation added = catalog.CreateWorker(grainClass, id);
            Volatile.Write(ref _workers, [.. _workers, added]);
            return added;
        }
    }

    /// <summary>Gives the pool up if it has no workers.</summary>
    public bool TryRetire()
    {
        lock (_gate) return _retired = _workers.Length == 0;
    }

    public bool Remove(Activation worker)
    {
        lock (_gate)
        {
            int index = Array.IndexOf(_workers, worker);
            if (index < 0) return false;
            Volatile.Write(ref _workers, [.. _workers.AsSpan(0, index), .. _workers.AsSpan(index + 1)]);
            return true;
        }
    }

    public void ForEach(Action<Activation> action)
    {
        foreach (Activation worker in Volatile.Read(ref _workers)) action(worker);
    }

    private static Activation? Best(Activation[] workers)
    {
        Activation? best = null;
        foreach (Activation worker in workers)
        {
            if (worker.IsIdle) return worker;
            if (best is null || worker.Load < best.Load) best = worker;
        }

        return best;
    }
}
