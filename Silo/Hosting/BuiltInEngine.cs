using System.Text.Json;
using EsoCore.Events;
using EsoCore.Grains;
using EsoCore.Grains.Storage;
using EsoCore.Runtime;
using EsoCore.Runtime.Hosting;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// Everything that is special to the built-in engine. Another engine is another file like this one: it registers itself, the grain assembly,
/// persistent state and reminders over the storage's ports, and the transition streams.
/// </summary>
internal static class BuiltInEngine
{
    /// <summary>The storage that <c>[PersistentState]</c> names.</summary>
    private const string StateStorage = "default";

    public static void AddEngine(this IServiceCollection services)
    {
        services.AddEsoCoreRuntime()
            .AddGrainAssembly(typeof(GrainServices).Assembly)
            .AddGrainStorage(StateStorage, provider => new StateStorageAdapter(provider.GetRequiredService<IGrainStateStore>()))
            .UseReminderTable(provider => new ReminderTableAdapter(provider.GetRequiredService<IReminderStore>()))
            .AddMemoryStreams(TransitionStreams.Provider);
        services.AddHostedService<OutboxStarter>(); // Registered after the engine, so started after it.
    }

    /// <summary>Starts every shard of the outbox once the engine runs; a shard that was started before changes nothing.</summary>
    private sealed class OutboxStarter(IGrainFactory grains) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(
            Enumerable.Range(0, IOutboxGrain.Shards).Select(shard => grains.GetGrain<IOutboxGrain>($"{shard}").Start()));

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Persistent state as rows of our own: one JSON document by grain and state name.</summary>
    private sealed class StateStorageAdapter(IGrainStateStore store) : IGrainStorage
    {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
            ReadStateAsync(stateName, grainId, grainState, CancellationToken.None);

        public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken)
        {
            var row = await store.Read(TypeOf(grainId), KeyOf(grainId), stateName, cancellationToken);
            grainState.RecordExists = row is not null;
            grainState.ETag = row?.Etag;
            if (row is not null)
                grainState.State = JsonSerializer.Deserialize<T>(row.Json);
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
            grainState.ETag = null;
            grainState.RecordExists = false;
        }

        private static InconsistentStateException Conflict(string stateName, GrainId grainId, string? etag) =>
            new($"State '{stateName}' of {grainId} was written by someone else since it was read as version {etag ?? "none"}.", null, etag);

        private static string TypeOf(GrainId id) => id.Type.ToString()!;

        private static string KeyOf(GrainId id) => id.Key.ToString()!;
    }

    /// <summary>Reminders as rows of our own.</summary>
    private sealed class ReminderTableAdapter(IReminderStore store) : IReminderTable
    {
        public async Task<ReminderTableData> ReadRows(GrainId grainId) =>
            new((await store.Read(grainId.ToString(), CancellationToken.None)).Select(ToEntry));

        public async Task<ReminderTableData> ReadRows(uint begin, uint end) =>
            new((await store.Read(begin, end, CancellationToken.None)).Select(ToEntry));

        public async Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) =>
            (await store.Read(grainId.ToString(), CancellationToken.None)).FirstOrDefault(row => row.Name == reminderName) is { } found ? ToEntry(found) : null;

        public async Task<string?> UpsertRow(ReminderEntry entry) => await store.Upsert(
            new ReminderRow(
                entry.GrainId.ToString(),
                entry.GrainId.GetUniformHashCode(),
                entry.ReminderName,
                new DateTimeOffset(DateTime.SpecifyKind(entry.StartAt, DateTimeKind.Utc)),
                entry.Period,
                entry.ETag ?? ""),
            CancellationToken.None);

        public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) =>
            store.Remove(grainId.ToString(), reminderName, eTag, CancellationToken.None);

        public Task TestOnlyClearTable() => throw new NotSupportedException("Tests take a fresh data directory instead.");

        private static ReminderEntry ToEntry(ReminderRow row) => new()
        {
            GrainId = GrainId.Parse(row.GrainId),
            ReminderName = row.Name,
            StartAt = row.StartAt.UtcDateTime,
            Period = row.Period,
            ETag = row.Etag,
        };
    }
}
