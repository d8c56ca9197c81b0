using EsoCore.Projects;

namespace EsoCore.Grains.Projects;

/// <summary>
/// The installation's settings in this process, asked of their grain again when they are older than <see cref="MaxAge"/>. Callers wait for
/// the new answer: after a quiet hour the old one would let devices through a maintenance that began meanwhile.
/// </summary>
internal sealed class InstallationSwitches(IGrainFactory grains, TimeProvider time) : IInstallationSwitches
{
    /// <summary>How old an answer may be.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    /// <summary>How long after it was asked an answer is waited for; from then on callers go on with what is known.</summary>
    internal static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Versioned<InstallationSettings>? _known;
    private long _askedAt;
    private Task<Versioned<InstallationSettings>>? _asking;

    /// <inheritdoc/>
    public ValueTask<Versioned<InstallationSettings>> Get()
    {
        lock (_gate)
        {
            var age = time.GetElapsedTime(_askedAt);
            if (_known is { } known && age < MaxAge && _asking is null)
                return ValueTask.FromResult(known);
            if (_asking is null)
            {
                (_askedAt, age) = (time.GetTimestamp(), TimeSpan.Zero);
                _asking = Ask();
            }

            if (_known is not { } last)
                return new ValueTask<Versioned<InstallationSettings>>(_asking);
            return age < MaxWait
                ? new ValueTask<Versioned<InstallationSettings>>(Within(MaxWait - age, _asking, last)) : ValueTask.FromResult(last);
        }
    }

    private async Task<Versioned<InstallationSettings>> Within(
        TimeSpan wait, Task<Versioned<InstallationSettings>> asking, Versioned<InstallationSettings> last)
    {
        try
        {
            return await asking.WaitAsync(wait, time);
        }
        catch (TimeoutException)
        {
            return last; // The asking itself throws only where nothing is known.
        }
    }

    private async Task<Versioned<InstallationSettings>> Ask()
    {
        // An answer that is there at once would be taken before the caller, who holds the gate, has noted that it is asked for.
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
