using EsoCore.Config;
using EsoCore.Grains.Projects;

namespace EsoCore.Grains.Config;

/// <summary>
/// Profiles as the device grains of this process use them: a bounded cache in front of <see cref="IConfigProfileGrain"/>, so that a
/// million devices of one model do not all call its one grain. An edit made in this process is seen at once, one made elsewhere
/// within <see cref="MaxAge"/>.
/// </summary>
internal sealed class ConfigProfiles(IGrainFactory grains, TimeProvider time)
{
    /// <summary>Profiles held; beyond it those that are too old go, and when none is, all.</summary>
    public const int MaxProfiles = 10_000;

    /// <summary>How old an answer may be.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = [];

    /// <summary>
    /// What applies to devices of the model (see <see cref="IConfigProfileGrain.GetInForce"/>). Callers that ask at one time share one
    /// call. When the grain cannot answer, the last answer is used if there is one, else its error is thrown.
    /// </summary>
    public ValueTask<Versioned<ConfigSettings>?> Get(Guid projectId, string model)
    {
        var key = ProjectKey.Of(projectId, model);
        Entry entry;
        TaskCompletionSource<Versioned<ConfigSettings>?> flight;
        lock (_gate)
        {
            entry = EntryOf(key);
            if (entry.LoadedAt is { } loadedAt && time.GetElapsedTime(loadedAt) < MaxAge)
                return ValueTask.FromResult(entry.Value);
            if (entry.Flight is { } running)
                return new ValueTask<Versioned<ConfigSettings>?>(running.Task);
            flight = entry.Flight = new TaskCompletionSource<Versioned<ConfigSettings>?>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return new ValueTask<Versioned<ConfigSettings>?>(Load(key, entry, flight));
    }

    /// <summary>Takes what stands after an edit in this process.</summary>
    public void Told(Guid projectId, string model, Versioned<ConfigSettings>? inForce)
    {
        lock (_gate)
            Keep(EntryOf(ProjectKey.Of(projectId, model)), inForce);
    }

    private async Task<Versioned<ConfigSettings>?> Load(string key, Entry entry, TaskCompletionSource<Versioned<ConfigSettings>?> flight)
    {
        try
        {
            var loaded = await grains.GetGrain<IConfigProfileGrain>(key).GetInForce();
            lock (_gate)
            {
                Keep(entry, loaded);
                entry.Flight = null;
                flight.SetResult(entry.Value);
            }
        }
        catch (Exception error)
        {
            lock (_gate)
            {
                entry.Flight = null;
                if (entry.LoadedAt is null)
                    flight.SetException(error);
                else
                    flight.SetResult(entry.Value);
            }
        }

        return await flight.Task;
    }

    /// <summary>An answer that was under way while an edit was told may be the older one: the higher version stays.</summary>
    private void Keep(Entry entry, Versioned<ConfigSettings>? value)
    {
        if (entry.LoadedAt is null || (value?.Version ?? 0) >= (entry.Value?.Version ?? 0))
            entry.Value = value;
        entry.LoadedAt = time.GetTimestamp();
    }

    private Entry EntryOf(string key)
    {
        if (_entries.TryGetValue(key, out var entry))
            return entry;
        if (_entries.Count >= MaxProfiles)
            MakeRoom();
        return _entries[key] = new Entry();
    }

    private void MakeRoom()
    {
        foreach (var (key, entry) in _entries)
        {
            if (entry.Flight is null && (entry.LoadedAt is not { } loadedAt || time.GetElapsedTime(loadedAt) >= MaxAge))
                _entries.Remove(key);
        }

        if (_entries.Count >= MaxProfiles)
            _entries.Clear();
    }

    private sealed class Entry
    {
        public Versioned<ConfigSettings>? Value { get; set; }

        public long? LoadedAt { get; set; }

        public TaskCompletionSource<Versioned<ConfigSettings>?>? Flight { get; set; }
    }
}
