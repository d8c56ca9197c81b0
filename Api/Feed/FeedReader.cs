using EsoCore.Feed;
using Microsoft.Extensions.Logging;

namespace EsoCore.Api;

/// <summary>
/// Reads one project's feed for all its connections in this process, and fills their buffers. It begins with its first connection and ends
/// with its last.
/// </summary>
internal sealed class FeedReader : IDisposable
{
    /// <summary>How long it waits after a reading that failed.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<FeedBuffer> _buffers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly IFeedGrain _feed;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private FeedPosition? _position;
    private bool _isComplete;

    public FeedReader(IFeedGrain feed, TimeProvider time, ILogger log) => (_feed, _time, _log) = (feed, time, log);

    /// <summary>Whether it has a connection.</summary>
    public bool IsUsed
    {
        get
        {
            lock (_gate)
                return _buffers.Count > 0;
        }
    }

    /// <summary>Begins to read.</summary>
    public void Start() => _ = Task.Run(Run);

    /// <summary>Fills a buffer from now on.</summary>
    public void Attach(FeedBuffer buffer)
    {
        lock (_gate)
        {
            _buffers.Add(buffer);
            if (_position is not { } position)
                return;
            buffer.Begin(position);
            if (_isComplete)
                buffer.Tell(FeedMessage.Ready, position);
        }
    }

    /// <summary>Fills it no longer.</summary>
    public void Detach(FeedBuffer buffer)
    {
        lock (_gate)
            _buffers.Remove(buffer);
    }

    /// <inheritdoc/>
    public void Dispose() => _stop.Cancel();

    private async Task Run()
    {
        var cancel = _stop.Token;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                Deliver(await _feed.Read(_position, FeedLimits.MaxRead, FeedLimits.MaxWait, cancel));
            }
            catch (Exception) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                _log.LogInformation(error, "A live feed could not be read; it is tried again");
                await Task.Delay(RetryAfter, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Deliver(FeedPage page)
    {
        lock (_gate)
        {
            var isFirst = _position is null;
            var isNowComplete = page.IsComplete && !_isComplete;
            _position = page.Position;
            // After a reset it may take the publishers a moment again.
            _isComplete = page.IsComplete;
            foreach (var buffer in _buffers)
            {
                if (isFirst)
                    buffer.Begin(page.Position);
                else if (page.IsReset)
                    buffer.Tell(FeedMessage.Reset, page.Position);
                else
                    buffer.Add(page.Items, page.Position);
                if (isNowComplete)
                    buffer.Tell(FeedMessage.Ready, page.Position);
            }
        }
    }
}
