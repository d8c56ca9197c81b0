namespace EsoCore.Device;

/// <summary>
/// Simulated devices that upload to one server by the rules of the wire: real HTTP, real batches. A device of its own retries by itself; nothing a server
/// answers, and no network error, ends a fleet.
/// </summary>
public sealed class Fleet : IDisposable
{
    private readonly FleetOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly FleetStatistics _statistics = new();
    private readonly long _started;
    private TimeSpan? _ended;

    /// <summary>Prepares a fleet; nothing is sent before <see cref="RunAsync"/>.</summary>
    /// <param name="options">What it does.</param>
    /// <param name="time">The clock of all devices.</param>
    /// <param name="handler">Carries the requests; sockets where null. Disposed with the fleet.</param>
    /// <exception cref="ArgumentException">An option is out of its bounds.</exception>
    public Fleet(FleetOptions options, TimeProvider time, HttpMessageHandler? handler = null)
    {
        options.Validate();
        _options = options;
        _time = time;
        _http = new HttpClient(handler ?? new SocketsHttpHandler()) { Timeout = Timeout.InfiniteTimeSpan };
        _started = time.GetTimestamp();
    }

    /// <summary>What the fleet has done so far.</summary>
    public FleetSnapshot Snapshot() => _statistics.Snapshot(_options.Devices.Count, _ended ?? _time.GetElapsedTime(_started));

    /// <summary>Runs until the duration is over or the caller cancels, then returns; never throws for a cancellation.</summary>
    /// <returns>The final counts.</returns>
    public async Task<FleetSnapshot> RunAsync(CancellationToken cancellation)
    {
        using var duration = _options.Duration is { } limit ? new CancellationTokenSource(limit, _time) : new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(duration.Token, cancellation);
        using var abort = new CancellationTokenSource();
        using var grace = stop.Token.Register(() => EndWithin(abort));
        var devices = Enumerable.Range(0, _options.Devices.Count).Select(i => new SimulatedDevice(_options, i, _http, _statistics, _time)).ToList();
        try
        {
            await Task.WhenAll(devices.Select(d => d.RunAsync(stop.Token, abort.Token)));
            // A run that came to its end leaves nothing behind if it can; one that was cancelled is in a hurry.
            if (!cancellation.IsCancellationRequested)
                await Task.WhenAll(devices.Select(d => d.FinishAsync(abort.Token)));
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
        }
        finally
        {
            foreach (var device in devices)
                device.Dispose();
        }

        _ended = _time.GetElapsedTime(_started);
        return Snapshot();
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private void EndWithin(CancellationTokenSource abort)
    {
        // A source's own timer runs on the system's clock; this one runs on ours.
        _ = AbortLaterAsync();

        async Task AbortLaterAsync()
        {
            await Task.Delay(_options.StopGrace, _time);
            try
            {
                abort.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // Everybody had finished before the grace was over.
            }
        }
    }
}
