using EsoCore.Grains.Storage;
using EsoCore.History;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// The storage on PostgreSQL 15 or later, which any number of processes may share. It takes the database as it is: making and changing the
/// schema is the migrate command's. It finishes what is queued when it is disposed.
/// </summary>
public sealed class PostgresStorage : IStorageProbe, IAsyncDisposable, IDisposable
{
    private const int OldestServer = 15;

    /// <summary>How often the database is asked before the start fails.</summary>
    private const int MaxChecks = 3;

    private readonly Sessions _sessions;
    private readonly CommitWriter _writer;
    private readonly StorageMetrics _metrics;
    private readonly Upkeep _upkeep;
    private readonly Merger _merger;
    private readonly MergeSweep _sweep;
    private Task? _closing;

    /// <summary>Opens the storage, which takes a few round trips.</summary>
    /// <param name="options">Where and how; validated here.</param>
    /// <param name="time">The clock of retention, ages and measurements.</param>
    /// <param name="logger">Where upkeep and the writer tell what went wrong.</param>
    /// <exception cref="OptionsValidationException">An option is out of its range.</exception>
    /// <exception cref="IOException">The server cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">
    /// This program cannot work with the server or its schema; the message says what to do.
    /// </exception>
    public PostgresStorage(PostgresStorageOptions options, TimeProvider time, ILogger<PostgresStorage> logger)
    {
        var valid = new PostgresStorageOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(PostgresStorageOptions), typeof(PostgresStorageOptions), valid.Failures);
        var reads = Connections.ForReads(options);
        try
        {
            // A server that is to start is waited for; nothing runs yet that this thread could hold up.
            Task.Run(() => Check(reads)).GetAwaiter().GetResult();
        }
        catch
        {
            reads.Dispose();
            throw;
        }

        var queue = new CommitQueue(options.QueueLimit);
        _metrics = new StorageMetrics(time, () => queue.Count);
        var upkeepSource = Connections.ForUpkeep(options);
        Partitions = new Partitions(upkeepSource, time);
        var hints = new MergeHints(options.MergeBlocks);
        _merger = new Merger(hints, Partitions, _metrics, logger);
        _sweep = new MergeSweep(hints, options.MergeIdle, options.MergeBlocks, time);
        IUpkeepTask[] tasks = [new PartitionKeeper(Partitions, time, logger), _merger, _sweep, new Retention(time), .. Pruning.All(time)];
        _upkeep = new Upkeep(upkeepSource, tasks, options.UpkeepInterval, options.RunsUpkeep, _metrics, time, logger);
        hints.Wanted = _upkeep.Wake;
        _sessions = new Sessions(reads, options.MaxPoolSize, options.ReadQueueLimit, options.CallTimeout, Faults, time);
        _writer = new CommitWriter(
            Connections.ForCommits(options), options.CommitConnections, options.CallTimeout, queue, Partitions, hints, Faults, _metrics, time, logger);

        Devices = new DeviceStore(_writer, _sessions, time);
        Projects = new ProjectStore(_sessions, time, _upkeep.Due);
        Resources = new ResourceStore(_sessions);
        Outbox = new OutboxStore(_sessions, logger);
        GrainStates = new GrainStateStore(_sessions);
        Reminders = new ReminderStore(_sessions);
        History = new PostgresHistory(_sessions, time);
        Work = new WorkStore(_sessions);
    }

    /// <summary>Devices.</summary>
    public IDeviceStore Devices { get; }

    /// <summary>Projects and keys.</summary>
    public IProjectStore Projects { get; }

    /// <summary>Sites, assets, profiles.</summary>
    public IResourceStore Resources { get; }

    /// <summary>Transitions.</summary>
    public IOutboxStore Outbox { get; }

    /// <summary>Grain state.</summary>
    public IGrainStateStore GrainStates { get; }

    /// <summary>Reminders.</summary>
    public IReminderStore Reminders { get; }

    /// <summary>Reads of what is stored.</summary>
    public IHistory History { get; }

    /// <summary>What grains above the device write.</summary>
    public IWorkStore Work { get; }

    /// <summary>Where tests step in.</summary>
    internal PgFaults Faults { get; } = new();

    /// <summary>The partitions that this process knows of.</summary>
    internal Partitions Partitions { get; }

    /// <inheritdoc/>
    public async Task<bool> Ping(CancellationToken cancel)
    {
        try
        {
            // A standby answers reads too.
            return await _sessions.ReadOne("select not pg_is_in_recovery()", static _ => { }, row => row.GetBoolean(0), cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(_closing ??= Close());

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Does all upkeep that is due, with all merging whether due or not. For tests and tools.</summary>
    internal Task Settle(CancellationToken cancel = default) =>
        _upkeep.RunAll((db, stop) => _sweep.MergeAll(db, _merger, stop), cancel);

    /// <summary>Does one step of upkeep; false when none is due. For tests.</summary>
    internal Task<bool> StepUpkeep(CancellationToken cancel = default) => _upkeep.StepOnce(cancel);

    /// <summary>Runs a read on a connection of the pool. For tests and tools.</summary>
    internal Task<T> Inspect<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancel = default) =>
        _sessions.ReadMany(read, cancel);

    /// <summary>A machine that starts, with its database on it, is slow: one answer that takes long is no reason to give up.</summary>
    private static async Task Check(NpgsqlDataSource source)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CheckOnce(source).ConfigureAwait(false);
                return;
            }
            catch (NpgsqlException e) when (e.InnerException is TimeoutException && attempt < MaxChecks)
            {
            }
            catch (Exception e) when (e is not InvalidOperationException && PgErrors.IsAway(e))
            {
                throw new IOException($"PostgreSQL cannot be reached: {e.Message}", e);
            }
        }
    }

    private static async Task CheckOnce(NpgsqlDataSource source)
    {
        var db = await source.OpenConnectionAsync().ConfigureAwait(false);
        await using (db.ConfigureAwait(false))
        {
            if (db.PostgreSqlVersion.Major < OldestServer)
                throw new InvalidOperationException($"The server is PostgreSQL {db.PostgreSqlVersion}; {OldestServer} or later is needed.");
            if (Migrator.Fault(await Migrator.Read(db, CancellationToken.None).ConfigureAwait(false)) is { } fault)
                throw new InvalidOperationException(fault);
        }
    }

    private async Task Close()
    {
        await _writer.DisposeAsync().ConfigureAwait(false);
        await _upkeep.DisposeAsync().ConfigureAwait(false);
        await _sessions.DisposeAsync().ConfigureAwait(false);
        _metrics.Dispose();
    }
}
