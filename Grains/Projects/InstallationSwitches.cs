using EsoCore.Projects;

namespace EsoCore.Grains.Projects;

/// <summary>
/// The installation's settings in this process, asked of their grain again when they are older than <see cref="MaxAge"/>.
/// </summary>
internal sealed class InstallationSwitches(IGrainFactory grains, TimeProvider time) : IInstallationSwitches
{
    /// <summary>How old an answer may be.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private Versioned<InstallationSettings>? _known;
    private long _askedAt;
    private Task<Versioned<InstallationSettings>>? _asking;

    /// <inheritdoc/>
    public ValueTask<Versioned<InstallationSettings>> Get()
    {
        Task<Versioned<InstallationSettings>> asking;
        lock (_gate)
        {
            if (_known is { } known && time.GetElapsedTime(_askedAt) < MaxAge)
                return ValueTask.FromResult(known);
            if (_asking is null)
            {
                _askedAt = time.GetTimestamp();
                _asking = Ask();
            }

            asking = _asking;
            // Only the first answer is waited for; after it callers go on with what is known while it is renewed.
            if (_known is { } last)
                return ValueTask.FromResult(last);
        }

        return new ValueTask<Versioned<InstallationSettings>>(asking);
    }

    private async Task<Versioned<InstallationSettings>> Ask()
    {
        // Not in the caller's turn: its grain may be asked by many at once, and what it answers belongs to all of them.
        await Task.Yield();
        try
        {
            var told = await grains.GetGrain<IInstallationGrain>(IInstallationGrain.Key).GetSettings();
            lock (_gate)
            {
                // Versions only move on; an answer that comes late must not take one back.
                if (_known is null || told.Version >= _known.Version)
                    _known = told;
                _asking = null;
                return _known;
            }
        }
        catch
        {
            lock (_gate)
            {
                _asking = null;
                if (_known is { } last)
                    return last;
            }

            throw;
        }
    }
}
