using EsoCore.Runtime;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface IChurning : IGrainWithStringKey
{
    Task<long> Add(int kind);

    Task<long> Total();
}

/// <summary>
/// Counts in a place that outlives activations, deactivates now and then, and notices when two activations of one key are at work.
/// </summary>
public sealed class ChurningGrain(Probe probe) : Grain, IChurning
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<(Probe, string), long[]> s_totals = new();

    private long[] _total = [];

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _total = s_totals.GetOrAdd((probe, this.GetPrimaryKeyString()), static _ => new long[2]);
        if (Interlocked.Increment(ref _total[1]) != 1) throw new InvalidOperationException("two activations at once");
        await Task.Yield();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        Interlocked.Decrement(ref _total[1]);
    }

    public async Task<long> Add(int kind)
    {
        // Read and write lie in different turns: only one request at a time keeps this from losing counts.
        long before = _total[0];
        if (kind % 3 == 0) await Task.Yield();
        if (kind % 5 == 0) await GrainFactory.GetGrain<IChurning>("x" + this.GetPrimaryKeyString()).Total();
        if (kind % 17 == 0) DeactivateOnIdle();
        if (kind % 19 == 0) throw new TimeZoneNotFoundException("as wished");
        return _total[0] = before + 1;
    }

    public Task<long> Total() => Task.FromResult(_total[0]);
}

public sealed class ChurnTests
{
    private const int Grains = 20;
    private const int Callers = 16;
    private const int CallsPerCaller = 1_000;

    [Fact]
    public async Task No_call_is_lost_or_run_twice_while_grains_come_and_go()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        long[] done = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(cluster, caller))));
        long total = 0;
        for (int i = 0; i < Grains; i++) total += await cluster.Client.GetGrain<IChurning>($"g{i}").Total();
        Assert.Equal(done.Sum(), total);
    }

    private static async Task<long> CallAsync(RuntimeCluster cluster, int caller)
    {
        var random = new Random(caller);
        long done = 0;
        for (int i = 0; i < CallsPerCaller; i++)
        {
            try
            {
                await cluster.Client.GetGrain<IChurning>($"g{random.Next(Grains)}").Add(random.Next(1, 1_000));
                done++;
            }
            catch (TimeZoneNotFoundException)
            {
                // As wished.
            }
        }

        return done;
    }
}
