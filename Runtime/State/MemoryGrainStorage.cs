using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace EsoCore.Runtime;

/// <summary>
/// Keeps states in memory, for tests and for what may be lost. States are kept as JSON, so that a grain which goes on changing an object it
/// has written does not change
/// what is stored; what JSON cannot carry is lost here as it would be in a real storage.
/// </summary>
public sealed class MemoryGrainStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<(string Name, GrainId Grain), Record> _records = new();
    private long _lastVersion;

    /// <inheritdoc/>
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        bool found = _records.TryGetValue((stateName, grainId), out Record? record);
        grainState.RecordExists = found;
        grainState.ETag = record?.ETag;
        if (found) grainState.State = JsonSerializer.Deserialize<T>(record!.Json);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        string version = Interlocked.Increment(ref _lastVersion).ToString(CultureInfo.InvariantCulture);
        var next = new Record(JsonSerializer.SerializeToUtf8Bytes(grainState.State), version);
        bool written = grainState.ETag is null
            ? _records.TryAdd((stateName, grainId), next)
            : Current(stateName, grainId, grainState.ETag) is { } current && _records.TryUpdate((stateName, grainId), next, current);
        if (!written) throw Conflict(stateName, grainId, grainState.ETag);
        grainState.ETag = next.ETag;
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        bool cleared = grainState.ETag is null
            ? !_records.ContainsKey((stateName, grainId))
            : Current(stateName, grainId, grainState.ETag) is { } current && _records.TryRemove(new((stateName, grainId), current));
        if (!cleared) throw Conflict(stateName, grainId, grainState.ETag);
        grainState.ETag = null;
        grainState.RecordExists = false;
        return Task.CompletedTask;
    }

    private Record? Current(string stateName, GrainId grainId, string eTag) =>
        _records.TryGetValue((stateName, grainId), out Record? record) && record.ETag == eTag ? record : null;

    private InconsistentStateException Conflict(string stateName, GrainId grainId, string? eTag)
    {
        string? stored = _records.TryGetValue((stateName, grainId), out Record? record) ? record.ETag : null;
        return new InconsistentStateException(
            $"State '{stateName}' of {grainId} has version {stored ?? "none"}, not {eTag ?? "none"}.", stored, eTag);
    }

    // A class, not a record: TryUpdate must compare identity, not content.
    private sealed class Record(byte[] json, string eTag)
    {
        public byte[] Json { get; } = json;

        public string ETag { get; } = eTag;
    }
}
