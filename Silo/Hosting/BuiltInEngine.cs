using EsoCore.Events;
using EsoCore.Grains;
using EsoCore.Grains.Storage;
using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;
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

    /// <summary>Adds the engine: by itself, or with a database that others share as one of many.</summary>
    public static void AddEngine(this IServiceCollection services, SiloOptions options, ClusterSettings cluster, IInstallationKeys keys)
    {
        // A front door has the classes too, since they tell which grain an interface is of; it makes none of them.
        var silo = services.AddEsoCoreRuntime()
            .AddGrainAssembly(typeof(GrainServices).Assembly)
            .AddGrainStorage(StateStorage, provider => new StateStorageAdapter(provider.GetRequiredService<IGrainStateStore>()))
            .UseReminderTable(provider => new ReminderTableAdapter(provider.GetRequiredService<IReminderStore>()))
            .AddMemoryStreams(TransitionStreams.Provider);
        if (!string.IsNullOrEmpty(options.Postgres))
            silo.AddCluster(services, options, cluster, keys);
        if (options.HoldsGrains)
            services.AddHostedService<OutboxStarter>(); // Registered after the engine, so started after it.
    }

    /// <summary>
    /// Starts every shard of the outbox once the engine runs, and again whenever a silo came or went: a shard that was on a silo that is
    /// gone would else wait for its reminder, and with it what that silo had committed and not sent on. A shard that was started before
    /// changes nothing. Beside the start, not in it: after a crash of all silos the new ones first have to find that the old ones are dead.
    /// </summary>
    internal sealed class OutboxStarter(
        IGrainFactory grains, TimeProvider time, ILogger<OutboxStarter> log, IClusterStatus? cluster = null) : BackgroundService
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
        private static readonly int[] All = [.. Enumerable.Range(0, IOutboxGrain.Shards)];

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var (due, startedAt) = (All, Version);
            while (!stoppingToken.IsCancellationRequested && (cluster is not null || due.Length > 0))
            {
                if (Version is var version && version != startedAt)
                    (due, startedAt) = (All, version);
                var started = await Task.WhenAll(due.Select(Start));
                due = [.. due.Where((_, i) => !started[i])];
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        private long Version => cluster?.State?.View.Version ?? 0;

        private async Task<bool> Start(int shard)
        {
            try
            {
                await grains.GetGrain<IOutboxGrain>($"{shard}").Start();
                return true;
            }
            catch (Exception e)
            {
                log.LogDebug(e, "Shard {Shard} of the outbox could not be started yet", shard);
                return false;
            }
        }
    }

    /// <summary>Reminders as rows of our own.</summary>
    internal sealed class ReminderTableAdapter(IReminderStore store) : IReminderTable
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
