namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>
/// A grain in a silo's memory, as a twin's: one write at a time, from what it believes to be stored. After a lost compare-and-set or an
/// unknown outcome it forgets what it believed and loads anew.
/// </summary>
internal sealed class SimActivation(SimSilo silo, SimStore store, World world, int grain)
{
    /// <summary>Times that one write is tried before its call fails.</summary>
    private const int MaxTries = 3;

    private readonly Queue<SimCall> _waiting = [];
    private StoredGrain? _known;
    private bool _isBusy;

    public bool IsIdle => !_isBusy && _waiting.Count == 0;

    public void Take(SimCall call)
    {
        _waiting.Enqueue(call);
        if (!_isBusy) Step(MaxTries);
    }

    /// <summary>The process is gone or evicted: nothing more comes of what waits.</summary>
    public void Abandon()
    {
        foreach (SimCall call in _waiting) silo.Answer(call, CallOutcome.Failed);
        _waiting.Clear();
    }

    private void Step(int triesLeft)
    {
        _isBusy = _waiting.Count > 0;
        if (!_isBusy)
        {
            silo.OnIdle(grain);
            return;
        }

        if (triesLeft == 0) End(CallOutcome.Failed);
        else if (_known is null) store.Load(silo.Node, grain, silo.Guarded<StoredGrain?>(found => Loaded(found, triesLeft)));
        else if (_known.Writes.Contains(_waiting.Peek().Write)) End(CallOutcome.Acknowledged);
        else Commit(triesLeft);
    }

    private void Loaded(StoredGrain? found, int triesLeft)
    {
        if (_waiting.Count == 0 || found is null)
        {
            End(CallOutcome.Failed);
            return;
        }

        _known = found;
        Step(triesLeft);
    }

    private void Commit(int triesLeft)
    {
        SimCall call = _waiting.Peek();
        StoredGrain before = _known!;
        store.Commit(silo.Node, grain, before.Version, call.Write, silo.Guarded<CommitReply?>(reply =>
        {
            if (reply is { Committed: true })
            {
                _known = new StoredGrain(before.Version + 1, new HashSet<long>(before.Writes) { call.Write });
                End(CallOutcome.Acknowledged);
                return;
            }

            _known = null;
            if (reply is null) End(CallOutcome.Failed);
            else Step(triesLeft - 1);
        }));
    }

    private void End(CallOutcome outcome)
    {
        if (_waiting.TryDequeue(out SimCall? call)) silo.Answer(call, outcome);
        world.Check(_waiting.Count < 100_000, "calls pile up");
        Step(MaxTries);
    }
}
