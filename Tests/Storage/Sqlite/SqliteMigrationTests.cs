using EsoCore.Grains.Storage;
using EsoCore.Silo.Storage.Sqlite;
using EsoCore.Tests.Storage.Contract;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Sqlite;

/// <summary>Files of older programs.</summary>
public sealed class SqliteMigrationTests
{
    /// <summary>What takes a file back to the version before, from the newest down.</summary>
    private static readonly string[] Downs =
    [
        "drop index work_state_idle; alter table work_state drop column idle_at; alter table work_state drop column rest; " +
        "alter table work_state drop column rest_version",
        "drop table presence",
        "drop table work_state; drop table work_item; drop table event_log",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Migrate_OfAnOlderFile_LosesNoRow(int version)
    {
        await using var store = new SqliteUnderTest();
        await Fill(store);
        await store.Storage.DisposeAsync();
        List<string> before, after;
        using (var db = Open(store))
        {
            foreach (var down in Downs[..(SchemaVersion.Known - version)])
                db.Execute(down);
            db.Execute($"update schema_version set version = {version}");
            before = Rows(db);
        }

        await store.Reopen();
        await store.Storage.DisposeAsync();
        using (var db = Open(store))
        {
            Assert.Equal(SchemaVersion.Known, FileLook.One(db, "select version from schema_version"));
            after = Rows(db);
        }

        await store.Reopen();
        Assert.Contains(before, row => row.StartsWith("grain_state 'site'", StringComparison.Ordinal));
        Assert.True(before.Count >= 10, string.Join('\n', before));

        // Columns that are new stand after those that were.
        Assert.All(before, row => Assert.Contains(after, now => now.StartsWith(row, StringComparison.Ordinal)));
    }

    private static async Task Fill(SqliteUnderTest store)
    {
        var device = await store.AddDevice(siteId: "HALL");
        await device.Write(store, device.Commit(Block((1, StartUs, 1), (1, StartUs + 1, 2))) with
        {
            Twin = PresenceSeeds.Twin("HALL", online: true),
            Batch = Ledger(Start),
            NewSeries = [Series(1)],
            Events = [Event(StartUs, "power_outage", 1)],
            Windows = [Window(StartUs, "vibration", 2)],
        });
        await store.Resources.Write(device.ProjectId, ResourceKinds.Site, "HALL", "{}", 0, None);
        await store.GrainStates.Write("site", $"{device.ProjectId:D}/HALL", "state", """{"sources":"AQ=="}""", null, None);
        await store.GrainStates.Write("asset", $"{device.ProjectId:D}/A", "state", "{}", null, None);
        await store.Reminders.Upsert(new ReminderRow("outbox/1", 1, "wake", Start, TimeSpan.FromMinutes(5), ""), None);
        var item = new WorkItem(
            WorkKinds.Incident, Guid.NewGuid(), "incident/r", "open", "high", "r", null, null, null, null, Start, "{}");
        var line = new LogEntry(Guid.NewGuid(), Start, "system", "incident.opened", null, null, "{}");
        Assert.True(await store.Work.Commit(new WorkCommit(device.ProjectId, "incident/r", 0, "{}", [item], [line]), None));
    }

    private static Db Open(SqliteUnderTest store) => Db.Open(Path.Combine(store.DataDirectory, SqliteStorage.FileName), readOnly: false);

    /// <summary>Every row of every table, as its table and its columns in order.</summary>
    private static List<string> Rows(Db db) =>
    [
        .. Texts(db, "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' and name <> 'schema_version'")
            .SelectMany(table => Texts(db, $"select '{table} ' || {Columns(db, table)} from {table}")),
    ];

    private static string Columns(Db db, string table) =>
        string.Join(" || '|' || ", Texts(db, $"select 'quote(' || name || ')' from pragma_table_info('{table}')"));

    private static List<string> Texts(Db db, string sql)
    {
        var texts = new List<string>();
        using var row = db.Use(sql);
        while (row.Step())
            texts.Add(row.Text(0));
        return texts;
    }
}
