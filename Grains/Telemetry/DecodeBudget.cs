using Microsoft.Extensions.Options;

namespace EsoCore.Grains.Telemetry;

/// <summary>The memory that all bodies being opened in this process share (<see cref="TelemetryOptions.DecodeBudgetBytes"/>).</summary>
internal sealed class DecodeBudget(IOptions<TelemetryOptions> options)
{
    private readonly long _limit = options.Value.DecodeBudgetBytes;
    private long _used;

    /// <summary>Bytes reserved now.</summary>
    internal long Used => Interlocked.Read(ref _used);

    /// <summary>The most that was ever reserved at once.</summary>
    internal long Peak { get; private set; }

    /// <summary>Reserves, or changes nothing and answers false.</summary>
    internal bool TryReserve(long bytes)
    {
        var used = Interlocked.Add(ref _used, bytes);
        if (used > _limit)
        {
            Interlocked.Add(ref _used, -bytes);
            return false;
        }

        if (used > Peak)
            Peak = used; // A lost race only makes the reported peak a little low.
        return true;
    }

    internal void Release(long bytes) => Interlocked.Add(ref _used, -bytes);
}
