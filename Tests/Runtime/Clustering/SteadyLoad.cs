using System.Collections.Concurrent;
using EsoCore.Runtime;

namespace EsoCore.Tests.Runtime.Clustering;

/// <summary>Callers that call one grain after the other and remember what failed.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private const int CallersEach = 4;

    private readonly ConcurrentQueue<Exception> _failures = new();
    private readonly Task[] _callers;
    private volatile bool _stopped;
    private long _done;

    public SteadyLoad(IClusterClient[] clients, int keys) => _callers =
        [.. clients.SelectMany(client => Enumerable.Range(0, CallersEach).Select(seed => Task.Run(() => CallAsync(client, keys, seed))))];

    /// <summary>Waits until so many more calls are done.</summary>
    public Task DoneAsync(int more)
    {
        long goal = Interlocked.Read(ref _done) + more;
        return RuntimeCluster.UntilAsync(() => Interlocked.Read(ref _done) >= goal);
    }

    /// <summary>Stops calling; returns what failed.</summary>
    public async Task<Exception[]> StopAsync()
    {
        _stopped = true;
        await Task.WhenAll(_callers);
        return [.. _failures];
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task CallAsync(IClusterClient client, int keys, int seed)
    {
        var random = new Random(seed);
        IPlaced[] grains = [.. Enumerable.Range(0, keys).Select(i => client.GetGrain<IPlaced>($"key-{i}"))];
        while (!_stopped)
        {
            try
            {
                await grains[random.Next(keys)].Add(1);
            }
            catch (Exception exception)
            {
                _failures.Enqueue(exception);
            }

            Interlocked.Increment(ref _done);
        }
    }
}
