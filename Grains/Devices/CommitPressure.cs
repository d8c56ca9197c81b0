using Microsoft.Extensions.Options;

namespace EsoCore.Grains.Devices;

/// <summary>
/// How long commits of this silo take lately, and so how long devices are asked to wait (<c>backoff_ms</c>): nothing while commits are
/// quick, ten times their latency once they are slow, since that is about what lets a queue of waiting batches drain.
/// </summary>
internal sealed class CommitPressure(IOptions<DeviceOptions> options)
{
    /// <summary>The longest wait that is asked for, milliseconds.</summary>
    internal const int MaxBackoffMs = 30_000;

    /// <summary>Weight of the newest latency in the moving average.</summary>
    private const double Newest = 0.1;

    private double _averageMs;

    /// <summary>What <c>next_hint</c> says now.</summary>
    internal int BackoffMs
    {
        get
        {
            var average = Volatile.Read(ref _averageMs);
            return average < options.Value.SlowCommit.TotalMilliseconds ? 0 : (int)Math.Min(MaxBackoffMs, 10 * average);
        }
    }

    /// <summary>Notes a commit. A lost race between two silo threads costs one sample of an average, so there is no lock.</summary>
    internal void Note(TimeSpan latency) =>
        Volatile.Write(ref _averageMs, (1 - Newest) * Volatile.Read(ref _averageMs) + Newest * latency.TotalMilliseconds);
}
