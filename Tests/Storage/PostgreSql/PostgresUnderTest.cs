using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Tests.Storage.Contract;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EsoCore.Tests.Storage.PostgreSql;

/// <summary>The storage on PostgreSQL in a database of its own, which goes with it.</summary>
internal sealed class PostgresUnderTest : IStorageUnderTest
{
    /// <summary>Longer than any call may take, by the clock of the test.</summary>
    public static readonly TimeSpan TooLong = TimeSpan.FromSeconds(61);

    private readonly PostgresServer _server;
    private readonly PostgresStorageOptions _options;

    private PostgresUnderTest(PostgresServer server, string database, Action<PostgresStorageOptions>? configure)
    {
        (_server, Database) = (server, database);
        _options = Patient(server.ConnectionString(database));
        configure?.Invoke(_options);
        Storage = Open();
    }

    public PostgresStorage Storage { get; private set; }

    public string Database { get; }

    public PostgresServer Server => _server;

    /// <summary>Errors that were logged. A test that means them to happen empties it; those left at the end fail it.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Errors { get; } = new();

    public FakeTimeProvider Time { get; } = new(PostgresServer.Start);

    public IDeviceStore Devices => Storage.Devices;

    public IProjectStore Projects => Storage.Projects;

    public IResourceStore Resources => Storage.Resources;

    public IOutboxStore Outbox => Storage.Outbox;

    public IGrainStateStore GrainStates => Storage.GrainStates;

    public IReminderStore Reminders => Storage.Reminders;

    public IHistory History => Storage.History;

    public IWorkStore Work => Storage.Work;

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>
    /// The options of a storage that runs out of time by the clock of the test alone: on a busy machine the server may be slow with any
    /// call, and so may be this process.
    /// </summary>
    public static PostgresStorageOptions Patient(string connectionString) => new()
    {
        ConnectionString = connectionString, RunsUpkeep = false, CallTimeout = TimeSpan.FromMinutes(1),
        ConnectTimeout = TimeSpan.FromMinutes(1), UpkeepLockTimeout = TimeSpan.FromMinutes(1),
    };

    public static async Task<PostgresUnderTest> Start(Action<PostgresStorageOptions>? configure = null, PostgresServer? server = null)
    {
        server ??= await PostgresServer.Shared;
        return new(server, await server.CreateDatabase(), configure);
    }

    public void Advance(TimeSpan by) => Time.Advance(by);

    public Task Settle() => Storage.Settle();

    public Task Step() => Storage.StepUpkeep();

    public async Task Reopen()
    {
        await Storage.DisposeAsync();
        Storage = Open();
    }

    /// <summary>Another process on the same database, as it were, with the same clock.</summary>
    public PostgresStorage Open() => new(_options, Time, new ErrorLog(Errors));

    public Task<T> Ask<T>(string sql) => _server.Ask<T>(Database, sql);

    public Task Execute(string sql) => _server.Execute(Database, sql);

    public void OnCommit(Action? before, Action? after)
    {
        Storage.Faults.BeforeCommit = before is null ? null : _ => before();
        Storage.Faults.AfterCommit = after is null ? null : _ => after();
    }

    public async ValueTask DisposeAsync()
    {
        await Storage.DisposeAsync();
        if (_server == await PostgresServer.Shared)
            await _server.DropDatabase(Database);
        Assert.Empty(Errors);
    }

    private sealed class ErrorLog(System.Collections.Concurrent.ConcurrentQueue<string> errors) : ILogger<PostgresStorage>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                errors.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }
}
