namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>
/// Those who write: each write is tried until it is acknowledged, through any silo or api process, like a device that sends its batch
/// again. Remembers what was acknowledged.
/// </summary>
internal sealed class SimClients(Cluster cluster)
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(3);

    private readonly World _world = cluster.World;
    private readonly List<(int Grain, long Write)> _acknowledged = [];
    private long _lastWrite;

    public int Pending { get; private set; }

    public bool IsStopped { get; set; }

    /// <summary>Whether the first failure is one too many.</summary>
    public bool IsImpatient { get; init; }

    /// <summary>Begins to write, at random moments to random grains.</summary>
    public void Run()
    {
        if (IsStopped) return;
        Write(_world.Next(cluster.Store.Grains), retries: !IsImpatient);
        _world.After(_world.Between(5, 120), Run);
    }

    public void Write(int grain, bool retries)
    {
        Pending++;
        Try(grain, ++_lastWrite, retries);
    }

    public void CheckAcknowledged()
    {
        foreach ((int grain, long write) in _acknowledged)
            _world.Check(cluster.Store.Has(grain, write), $"Write {write} of grain {grain} was acknowledged and is lost");
    }

    private void Try(int grain, long write, bool retries)
    {
        var call = new SimCall(grain, write, outcome => OnEnd(grain, write, outcome, retries));
        _world.After(s_timeout, () => call.End(CallOutcome.TimedOut));
        SimSilo[] silos = [.. cluster.Silos.Where(silo => !IsImpatient || silo.State.IsServing)];
        if (silos.Length == 0 || _world.Chance(0.5))
        {
            _world.Pick(cluster.Apis).Receive(call);
            return;
        }

        SimSilo entry = _world.Pick(silos);
        cluster.Network.Send(Cluster.ClientNode, entry.Node, () => entry.Guard(() => entry.Receive(call)));
    }

    private void OnEnd(int grain, long write, CallOutcome outcome, bool retries)
    {
        _world.Count(outcome.ToString());
        if (outcome == CallOutcome.Acknowledged)
        {
            Pending--;
            _world.Check(cluster.Store.Has(grain, write), $"Write {write} of grain {grain} was acknowledged and is not stored");
            _acknowledged.Add((grain, write));
            return;
        }

        _world.Check(retries, $"A call to grain {grain} failed without a fault: {outcome}");
        _world.After(_world.Between(50, 400), () => Try(grain, write, retries));
    }
}
