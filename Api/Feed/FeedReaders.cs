using EsoCore.Feed;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>The live feeds that are read in this process: one reader a project, however many connections it has.</summary>
internal sealed class FeedReaders(IGrainFactory grains, TimeProvider time, IOptions<ApiOptions> options, ILogger<FeedReaders> log)
    : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, FeedReader> _readers = [];
    private readonly Dictionary<Guid, int> _perKey = [];
    private int _connections;

    /// <summary>Connections now.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Takes a place for a connection and begins to fill its buffer; a problem when there is none left.</summary>
    public Problem? Enter(Guid projectId, Guid keyId, FeedBuffer buffer)
    {
        lock (_gate)
        {
            var retry = TimeSpan.FromSeconds(options.Value.RetryAfterSeconds);
            var ofKey = _perKey.GetValueOrDefault(keyId);
            if (ofKey >= options.Value.StreamsPerKey)
                return Problems.RateLimited(retry) with { Detail = $"A key can have {options.Value.StreamsPerKey} streams open." };
            if (_connections >= options.Value.Streams)
                return Problems.Unavailable("The server has as many streams open as it can.", retry);
            _perKey[keyId] = ofKey + 1;
            _connections++;
            if (!_readers.TryGetValue(projectId, out var reader))
            {
                _readers[projectId] = reader = new FeedReader(grains.GetGrain<IFeedGrain>(projectId.ToString("D")), time, log);
                reader.Start();
            }

            reader.Attach(buffer);
            return null;
        }
    }

    /// <summary>Gives the place back.</summary>
    public void Leave(Guid projectId, Guid keyId, FeedBuffer buffer)
    {
        lock (_gate)
        {
            _connections--;
            if (--_perKey[keyId] == 0)
                _perKey.Remove(keyId);
            var reader = _readers[projectId];
            reader.Detach(buffer);
            if (reader.IsUsed)
                return;
            _readers.Remove(projectId);
            reader.Dispose();
        }
    }

    /// <summary>Entries after a place, for a connection that goes on where another ended.</summary>
    public Task<FeedPage> Read(Guid projectId, FeedPosition after, CancellationToken cancel) =>
        grains.GetGrain<IFeedGrain>(projectId.ToString("D")).Read(after, FeedLimits.MaxRead, TimeSpan.Zero, cancel);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var reader in _readers.Values)
                reader.Dispose();
        }
    }
}
