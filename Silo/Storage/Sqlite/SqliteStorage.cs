using EsoCore.Grains.Storage;
using EsoCore.History;
using Microsoft.Extensions.Options;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// The embedded storage: one file <c>esocore.db</c> that this process alone has open. One thread writes, a few connections read. It opens
/// (and migrates) the file when it is made, and finishes what is queued when it is disposed.
/// </summary>
public sealed class SqliteStorage : IStorageProbe, IAsyncDisposable, IDisposable
{
    /// <summary>The file's name in the data directory.</summary>
    public const string FileName = "esocore.db";

    // FULL makes each commit durable. Pages of 4 KiB. Folding the log into the file is upkeep's, see Checkpoints.
    private const string WriterPragmas =
        """
        pragma journal_mode = wal;
        pragma synchronous = full;
        pragma cache_size = -65536;
        pragma mmap_size = 268435456;
        pragma wal_autocheckpoint = 0;
        pragma journal_size_limit = 67108864;
        pragma temp_store = memory;
        """;

    private const string ReaderPragmas =
        """
        pragma query_only = on;
        pragma cache_size = -8192;
        pragma mmap_size = 268435456;
        pragma temp_store = memory;
        """;

    private readonly DataLock _lock;
    private readonly ReaderPool _readers;
    private readonly Writer _writer;
    private readonly StorageMetrics _metrics;
    private readonly ITimer _timer;
    private readonly Upkeep _upkeep;
    private readonly Merger _merger;
    private Task? _closing;

    /// <summary>Opens the storage.</summary>
    /// <param name="options">Where and how; validated here.</param>
    /// <param name="time">The clock of retention, ages and measurements.</param>
    /// <param name="logger">Where upkeep tells what went wrong.</param>
    /// <exception cref="OptionsValidationException">An option is out of its range.</exception>
    /// <exception cref="IOException">Another process has the directory open, or it cannot be made.</exception>
    /// <exception cref="InvalidOperationException">The file was written by a newer program that this one cannot work with.</exception>
    public SqliteStorage(SqliteStorageOptions options, TimeProvider time, ILogger<SqliteStorage> logger)
    {
        var valid = new SqliteStorageOptionsValidator().Validate(null, options);
        if (valid.Failed)
            throw new OptionsValidationException(nameof(SqliteStorageOptions), typeof(SqliteStorageOptions), valid.Failures);
        Directory.CreateDirectory(options.DataDirectory);
        _lock = DataLock.Take(options.DataDirectory);
        try
        {
            string path = Path.Combine(options.DataDirectory, FileName);
            var first = OpenWriter(path, migrate: true);

            var queue = new WriteQueue(options.QueueLimit);
            _metrics = new StorageMetrics(time, () => queue.Count);
            var merges = new MergeQueue(options.MergeBlocks);
            _merger = new Merger(merges, options.MergeIdle, options.MergeBlocks, _metrics, time, logger);
            IUpkeepTask[] tasks = [_merger, new Retention(time), Pruning.Ledger(time), Pruning.Rejected(time), .. Pruning.Work(time)];
            _upkeep = new Upkeep(tasks, new Checkpoints(logger), _metrics, time, logger);
            _writer = new Writer(
                first, () => OpenWriter(path, migrate: false), queue, new WriteGroup(Faults, _metrics), _upkeep, _metrics, time, logger);
            _readers = new ReaderPool(path, options.Readers, options.ReadQueueLimit, db => db.Execute(ReaderPragmas), Faults, time);
            _timer = time.CreateTimer(_ => Look(), null, options.UpkeepInterval, options.UpkeepInterval);

            Devices = new DeviceStore(_writer, _readers, new DeviceCommits(merges, time));
            Projects = new ProjectStore(_writer, _readers, time, Look);
            Resources = new ResourceStore(_writer, _readers);
            Outbox = new OutboxStore(_writer, _readers, logger);
            GrainStates = new GrainStateStore(_writer, _readers);
            Reminders = new ReminderStore(_writer, _readers);
            History = new SqliteHistory(_readers, time);
            Work = new WorkStore(_writer, _readers);

            void Look()
            {
                _upkeep.Due();
                queue.Signal();
            }
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
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
    internal StorageFaults Faults { get; } = new();

    /// <summary>Whether the storage answers reads and its writer takes and ends writes.</summary>
    public async Task<bool> Ping(CancellationToken cancel)
    {
        try
        {
            bool read = await _readers.Read(Ask, cancel).ConfigureAwait(false);
            return read && await _writer.Write(Ask, cancel, evenIfFull: true).WaitAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return false;
        }

        static bool Ask(Db db)
        {
            using var row = db.Use("select version from schema_version");
            return row.Step();
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(_closing ??= Close());

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Does all upkeep that is due, with all merging whether due or not. For tests and tools.</summary>
    internal Task Settle(CancellationToken cancel = default) =>
        _writer.Write(
            db =>
            {
                _upkeep.RunAll(db);
                _merger.MergeAll(db);
                return true;
            },
            cancel);

    /// <summary>Does all upkeep that is due and looks at the file before it and after each step. For tests.</summary>
    internal Task<List<T>> Watch<T>(Func<Db, T> look, CancellationToken cancel = default) =>
        _writer.Write(
            db =>
            {
                var seen = new List<T> { look(db) };
                _upkeep.RunAll(db, () => seen.Add(look(db)));
                return seen;
            },
            cancel);

    /// <summary>Does one step of upkeep; false when none is due. For tests.</summary>
    internal Task<bool> StepUpkeep(CancellationToken cancel = default) => _writer.Write(_upkeep.Step, cancel);

    /// <summary>Runs a read on a connection of the pool. For tests and tools.</summary>
    internal Task<T> Inspect<T>(Func<Db, T> read, CancellationToken cancel = default) => _readers.Read(read, cancel);

    private async Task Close()
    {
        await _timer.DisposeAsync().ConfigureAwait(false);
        await _writer.DisposeAsync().ConfigureAwait(false);
        await _readers.DisposeAsync().ConfigureAwait(false);
        _metrics.Dispose();
        _lock.Dispose();
    }

    private static void RequireWal(Db db, string path)
    {
        // Where the file system cannot share memory, SQLite keeps another mode and says so only here.
        using var row = db.Use("pragma journal_mode");
        if (!row.Step() || row.Text(0) != "wal")
            throw new IOException($"The file system of '{path}' does not support SQLite's write-ahead log. Use a local directory.");
    }

    private static Db OpenWriter(string path, bool migrate)
    {
        var db = Db.Open(path, readOnly: false);
        try
        {
            db.Execute(WriterPragmas);
            RequireWal(db, path);
            if (migrate)
                SchemaVersion.Migrate(db);
            return db;
        }
        catch
        {
            db.Dispose();
            throw;
        }
    }
}
