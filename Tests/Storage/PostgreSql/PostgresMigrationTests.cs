using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Tests.Storage.Contract;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace EsoCore.Tests.Storage.PostgreSql;

public sealed class PostgresMigrationTests : IAsyncLifetime
{
    private PostgresServer _server = null!;
    private string _database = null!;

    private string ConnectionString => _server.ConnectionString(_database);

    public async Task InitializeAsync()
    {
        _server = await PostgresServer.Shared;
        _database = await _server.CreateDatabase(migrated: false);
    }

    public Task DisposeAsync() => _server.DropDatabase(_database);

    [Fact]
    public async Task Migrate_Twice_ChangesNothingTheSecondTime()
    {
        Assert.Equal(SchemaFiles.After(0).Select(step => step.Version), await Migrate());
        Assert.Empty(await Migrate());
        Assert.Equal(SchemaFiles.Known, await _server.Ask<int>(_database, "select version from schema_version"));
    }

    [Fact]
    public async Task Migrate_TakesOverWhatTwinsHaveTold()
    {
        await using var store = await PostgresUnderTest.Start();
        var (told, silent, untold) = (await store.AddDevice(), await store.AddDevice(), await store.AddDevice());
        await told.Write(store, told.Commit() with { Twin = PresenceSeeds.Twin("HALL", online: true) });
        await silent.Write(store, silent.Commit() with { Twin = PresenceSeeds.Twin("YARD", online: false) });
        await untold.Write(store);
        await store.Execute("drop table presence");
        await store.Execute(SchemaFiles.After(4).First().Sql);
        await PresenceSeeds.CheckMigrated(store, told, silent, untold);
    }

    [Fact]
    public async Task Migrate_SeveralAtOnce_OneDoesIt()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Migrate()));

        Assert.Single(all, applied => applied.Count > 0);
        await using var storage = Open();
        Assert.True(await storage.Ping(CancellationToken.None));
    }

    [Fact]
    public async Task Migrate_DatabaseServesNewerProgramsOnly_IsRefused()
    {
        await Migrate();
        await SetVersion(SchemaFiles.Known + 5, SchemaFiles.Known + 1);

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(Migrate);

        Assert.Contains("newer program", fault.Message);
    }

    [Fact]
    public async Task Open_SchemaMissing_IsRefusedAndMakesNone()
    {
        var fault = Assert.Throws<InvalidOperationException>(Open);

        Assert.Contains("migrate", fault.Message);
        Assert.False(await _server.Ask<bool>(_database, "select to_regclass('schema_version') is not null"));
    }

    [Fact]
    public async Task Open_SchemaTooOldOrTooNew_IsRefused()
    {
        await Migrate();
        Assert.Contains("up to date", Migrator.Fault(new(SchemaFiles.Known - 1 is 0 ? -1 : SchemaFiles.Known - 1, 0)));
        await SetVersion(SchemaFiles.Known + 2, SchemaFiles.Known + 1);
        Assert.Contains("newer program", Assert.Throws<InvalidOperationException>(Open).Message);
    }

    [Fact]
    public async Task Open_SchemaIsNewerAndServesThisProgram_Works()
    {
        await Migrate();
        await SetVersion(SchemaFiles.Known + 2, SchemaFiles.Known);

        await using var storage = Open();

        Assert.True(await storage.Ping(CancellationToken.None));
    }

    [Fact]
    public void Open_NoServer_SaysThatItCannotBeReached()
    {
        var options = new PostgresStorageOptions { ConnectionString = "Host=127.0.0.1;Port=1;Username=x;Database=x" };
        Assert.Throws<IOException>(() => new PostgresStorage(options, TimeProvider.System, NullLogger<PostgresStorage>.Instance));
    }

    [Fact]
    public void Open_OptionsOutOfRange_NamesEach()
    {
        var options = new PostgresStorageOptions
        {
            ConnectionString = "Database=x", CommitConnections = 17, MaxPoolSize = 1, QueueLimit = 0, ReadQueueLimit = 0, MergeBlocks = 1,
            CallTimeout = TimeSpan.Zero, MergeIdle = TimeSpan.Zero, UpkeepInterval = TimeSpan.FromDays(1),
        };

        var fault = Assert.Throws<OptionsValidationException>(
            () => new PostgresStorage(options, TimeProvider.System, NullLogger<PostgresStorage>.Instance));

        string[] names =
        [
            "ConnectionString", "CommitConnections", "MaxPoolSize", "QueueLimit", "ReadQueueLimit", "CallTimeout", "MergeBlocks", "MergeIdle",
            "UpkeepInterval",
        ];
        Assert.Equal(names, fault.Failures.Select(f => f.Split(' ')[0]));
    }

    private Task<IReadOnlyList<int>> Migrate() =>
        Migrator.Migrate(ConnectionString, new FakeTimeProvider(PostgresServer.Start), CancellationToken.None);

    private PostgresStorage Open() => new(
        PostgresUnderTest.Patient(ConnectionString), new FakeTimeProvider(PostgresServer.Start), NullLogger<PostgresStorage>.Instance);

    private Task SetVersion(int version, int oldestProgram) =>
        _server.Execute(_database, $"update schema_version set version = {version}, oldest_program = {oldestProgram}");
}
