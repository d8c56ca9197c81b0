using System.Text.Json;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// Persistent state as rows of our own: one JSON document by grain and state name. Where there is no row, reading sets a new state, no ETag
/// and <see cref="IGrainState{T}.RecordExists"/> to false.
/// </summary>
internal sealed class StateStorageAdapter(IGrainStateStore store) : IGrainStorage
{
    /// <summary>The storage that <c>[PersistentState]</c> names.</summary>
    public const string Name = "default";

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var row = await store.Read(TypeOf(grainId), KeyOf(grainId), stateName, cancellationToken);
        grainState.RecordExists = row is not null;
        grainState.ETag = row?.Etag;

        // A new one also where nothing is stored: an engine may keep what it is not told to forget, and what a failed write left in memory
        // would then pass for stored.
        grainState.State = row is null ? Activator.CreateInstance<T>() : JsonSerializer.Deserialize<T>(row.Json);
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        WriteStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.Serialize(grainState.State);
        grainState.ETag = await store.Write(TypeOf(grainId), KeyOf(grainId), stateName, json, grainState.ETag, cancellationToken)
            ?? throw Conflict(stateName, grainId, grainState.ETag);
        grainState.RecordExists = true;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ClearStateAsync(stateName, grainId, grainState, CancellationToken.None);

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
    {
        if (!await store.Clear(TypeOf(grainId), KeyOf(grainId), stateName, grainState.ETag, cancellationToken))
            throw Conflict(stateName, grainId, grainState.ETag);
        grainState.State = Activator.CreateInstance<T>();
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private static InconsistentStateException Conflict(string stateName, GrainId grainId, string? etag) =>
        new($"State '{stateName}' of {grainId} was written by someone else since it was read as version {etag ?? "none"}.", null, etag);

    private static string TypeOf(GrainId id) => id.Type.ToString()!;

    private static string KeyOf(GrainId id) => id.Key.ToString()!;
}
