using Microsoft.Extensions.Hosting;

namespace EsoCore.Grains.Devices;

/// <summary>
/// Since when this process can be spoken to. Silence before that says nothing: after the whole server was away, devices get one interval
/// to come back before any of them counts as offline.
/// </summary>
internal sealed class ListeningSince(TimeProvider time) : IHostedService
{
    /// <summary>Microseconds since the Unix epoch.</summary>
    internal long Us { get; } = Micros.Of(time.GetUtcNow());

    /// <summary>Made is all that it needs to be, and the host makes it when it starts.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
