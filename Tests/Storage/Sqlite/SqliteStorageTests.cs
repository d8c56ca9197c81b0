using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Projects;
using EsoCore.Silo.Storage;
using EsoCore.Silo.Storage.Sqlite;
using EsoCore.Tests.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Sqlite;

public sealed class SqliteStorageTests
{
    [Fact]
    public async Task Open_DirectoryInUse_IsRefusedAndNamesTheHolder()
    {
        await using var first = new SqliteUnderTest();

        var fault = Assert.Throws<IOException>(() => new SqliteUnderTest(directory: first.DataDirectory));

        Assert.Contains(first.DataDirectory, fault.Message);
        Assert.Contains($"process {Environment.ProcessId}", fault.Message);
        await first.Reopen();
        Assert.True(await first.Storage.Ping(None));
    }

    [Fact]
    public void Open_OptionsOutOfRange_NamesEachPropertyAndItsBounds()
    {
        void Configure(SqliteStorageOptions o)
        {
            o.QueueLimit = 0;
            o.Readers = 65;
            o.MergeBlocks = 1;
            o.MergeIdle = TimeSpan.Zero;
        }

        var fault = Assert.Throws<OptionsValidationException>(() => new SqliteUnderTest(Configure, "unused"));

        Assert.Equal(4, fault.Failures.Count());
        Assert.Contains("QueueLimit is 0; it must be 1 to 65536.", fault.Failures);
        Assert.Contains("Readers is 65; it must be 1 to 64.", fault.Failures);
    }

    [Fact]
    public async Task Open_FileOfANewerProgram_IsRefusedUnlessItStillServesThisOne()
    {
        await using var store = new SqliteUnderTest();
        async Task Stamp(int oldest)
        {
            await store.Storage.DisposeAsync();
            using var db = Db.Open(Path.Combine(store.DataDirectory, SqliteStorage.FileName), readOnly: false);
            db.Execute($"update schema_version set version = {SchemaVersion.Known + 5}, oldest_program = {oldest}");
        }

        await Stamp(SchemaVersion.Known);
        await store.Reopen();
        await Stamp(SchemaVersion.Known + 1);
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(store.Reopen);

        Assert.Contains("Start a newer program", fault.Message);
    }

    [Fact]
    public async Task Migrate_TakesOverWhatTwinsHaveTold()
    {
        await using var store = new SqliteUnderTest();
        var (told, silent, untold) = (await store.AddDevice(), await store.AddDevice(), await store.AddDevice());
        await told.Write(store, told.Commit() with { Twin = PresenceSeeds.Twin("HALL", online: true) });
        await silent.Write(store, silent.Commit() with { Twin = PresenceSeeds.Twin("YARD", online: false) });
        await untold.Write(store);
        await store.Reminders.Upsert(new ReminderRow("site/a/HALL", 1, "liveness", Start, TimeSpan.FromMinutes(5), ""), None);
        await store.Reminders.Upsert(new ReminderRow("outbox/1", 1, "wake", Start, TimeSpan.FromMinutes(5), ""), None);
        await store.Storage.DisposeAsync();
        using (var db = Db.Open(Path.Combine(store.DataDirectory, SqliteStorage.FileName), readOnly: false))
        {
            db.Execute("drop table presence");
            db.Execute(SqlFile.ReadText(typeof(SchemaVersion), "Schema.0003.sql"));
            db.Execute($"update schema_version set version = {SchemaVersion.Known}");
        }

        await store.Reopen();

        await PresenceSeeds.CheckMigrated(store, told, silent, untold);
        Assert.Empty(await store.Reminders.Read("site/a/HALL", None));
        Assert.Single(await store.Reminders.Read("outbox/1", None));
    }

    [Fact]
    public async Task Write_QueueIsFull_IsUnavailable()
    {
        await using var store = new SqliteUnderTest(o => o.QueueLimit = 3);
        var device = await store.AddDevice();
        using var hold = new CommitHold(store);
        var first = store.Devices.Commit(device.Commit(), None);
        hold.Await();
        var queued = Enumerable.Range(0, 3).Select(_ => store.Devices.Commit(device.Commit(), None)).ToList();

        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.Devices.Commit(device.Commit(Block((1, StartUs, 1))), None));

        hold.Release();
        Assert.Equal(CommitOutcome.Committed, (await first).Outcome);
        Assert.All(await Task.WhenAll(queued), r => Assert.Equal(CommitOutcome.Stale, r.Outcome));
    }

    [Fact]
    public async Task Storage_Away_IsUnavailableAndComesBack()
    {
        await using var store = new SqliteUnderTest();
        var device = await store.AddDevice();
        store.Storage.Faults.BeforeGroup = _ => throw new IOException("away");
        store.Storage.Faults.BeforeRead = () => throw new IOException("away");

        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.Devices.Commit(device.Commit(), None));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.Devices.Load(device.Id, None));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.Devices.ReadAll(device.No));
        Assert.False(await store.Storage.Ping(None));

        store.Storage.Faults.BeforeGroup = null;
        store.Storage.Faults.BeforeRead = null;
        Assert.True(await store.Storage.Ping(None));
        await device.Write(store, device.Commit());
    }

    [Fact]
    public async Task List_MalformedToken_SpoilsNoLaterRead()
    {
        await using var store = new SqliteUnderTest(o => o.Readers = 1);
        var device = await store.AddDevice();
        var filter = new DeviceFilter();

        foreach (string token in new[] { "%%", "AAAA" })
            await Assert.ThrowsAsync<FormatException>(() => store.Devices.List(device.ProjectId, filter, new(10, token), None));

        Assert.Single((await store.Devices.List(device.ProjectId, filter, new(10), None)).Items);
    }

    [Fact]
    public async Task Read_FailsWithAStatementInUse_SpoilsNoLaterRead()
    {
        await using var store = new SqliteUnderTest(o => o.Readers = 1);
        const string Sql = "select ?";
        await Assert.ThrowsAsync<FormatException>(() => store.Storage.Inspect(db => db.Use(Sql).Add(long.Parse("x")).Step()));

        Assert.Equal(0, await store.Storage.Inspect(db => db.Use(Sql).Add(0L).Step() ? 0 : 1));
        Assert.Equal(0, await store.Storage.Inspect(db => db.Use(Sql).Add(0L).Step() ? 0 : 1));
    }

    [Fact]
    public async Task Commit_ValueThatCannotBeBound_FailsAloneAndSpoilsNoLaterWrite()
    {
        await using var store = new SqliteUnderTest();
        var (bad, good) = (await store.AddDevice(), await store.AddDevice());

        for (int i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<FormatException>(
                () => store.Devices.Commit(bad.Commit() with { Batch = Ledger(Start, hash: "zz") }, None));
            await good.Write(store, good.Commit() with { Batch = Ledger(Start) });
        }

        await bad.Write(store, bad.Commit() with { Batch = Ledger(Start) });
    }

    [Fact]
    public void WriteWork_ToldTwice_KeepsTheFirstOutcomeAndReleasesOnce()
    {
        int released = 0;
        var work = new WriteWork<int>(_ => 1, () => released++);

        work.Succeed();
        work.Fail(new IOException("late"));
        work.Succeed();

        Assert.True(work.Task.IsCompletedSuccessfully);
        Assert.Equal(1, released);
    }

    [Fact]
    public async Task Dispose_WhileWritesAreQueued_FinishesThem()
    {
        await using var store = new SqliteUnderTest();
        var devices = new List<TestDevice>();
        for (int i = 0; i < 100; i++)
            devices.Add(await store.AddDevice());
        var commits = devices.Select(d => store.Devices.Commit(d.Commit(), None)).ToList();

        await store.Storage.DisposeAsync();

        Assert.All(await Task.WhenAll(commits), r => Assert.Equal(CommitOutcome.Committed, r.Outcome));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.Devices.Commit(devices[0].Commit(), None));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.Devices.Load(devices[0].Id, None));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.Devices.ReadAll(devices[0].No));
        await store.Reopen();
        Assert.Equal(1, (await store.Devices.Load(devices[99].Id, None))!.TwinVersion);
    }

    [Fact]
    public async Task ReadOverlap_ConsumerGivesUpHalfway_FreesItsConnection()
    {
        await using var store = new SqliteUnderTest(o => o.Readers = 1);
        var device = await store.AddDevice();
        for (int i = 0; i < 30; i++)
            await device.Write(store, Block((1, StartUs + i, 1)));
        for (int i = 0; i < 3; i++)
        {
            await foreach (var part in store.Devices.ReadOverlap(device.No, StartUs, StartUs + 100, None))
                break;
        }

        Assert.NotNull(await store.Devices.Load(device.Id, None));
    }

    [Fact]
    public async Task ReadOverlap_ConsumerIsTooSlow_LosesItsSnapshot()
    {
        await using var store = new SqliteUnderTest(o => o.Readers = 1);
        var device = await store.AddDevice();
        for (int i = 0; i < 30; i++)
            await device.Write(store, Block((1, StartUs + i, 1)));

        await Assert.ThrowsAsync<StorageUnavailableException>(async () =>
        {
            await foreach (var part in store.Devices.ReadOverlap(device.No, StartUs, StartUs + 100, None))
                store.Advance(ReaderPool.StreamLimit);
        });

        Assert.NotNull(await store.Devices.Load(device.Id, None));
    }

    [Fact]
    public async Task AddSqliteStorage_GivesEveryPortOfOneStorage()
    {
        string directory = Directory.CreateTempSubdirectory("esocore-test-").FullName;
        var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddLogging().AddSqliteStorage(new() { DataDirectory = directory });
        await using (var provider = services.BuildServiceProvider())
        {
            var storage = provider.GetRequiredService<SqliteStorage>();
            Assert.Same(storage.Devices, provider.GetRequiredService<IDeviceStore>());
            Assert.Same(storage.History, provider.GetRequiredService<IHistory>());
            Assert.Same(storage.Reminders, provider.GetRequiredService<IReminderStore>());
            Assert.Same(storage.Outbox, provider.GetRequiredService<IOutboxStore>());
        }

        Directory.Delete(directory, true);
    }
}

/// <summary>Looks into the file.</summary>
internal static class FileLook
{
    public static long One(Db db, string sql)
    {
        using var row = db.Use(sql);
        Assert.True(row.Step());
        return row.Long(0);
    }

    public static string Text(Db db, string sql)
    {
        using var row = db.Use(sql);
        Assert.True(row.Step());
        return row.Text(0);
    }
}
