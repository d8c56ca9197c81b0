using EsoCore.Grains.Storage;
using EsoCore.Tests.Storage.Contract;
using Npgsql;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.PostgreSql;

/// <summary>
/// Partitions are made ahead of time and as data requires, and dropped when nobody needs them, without anybody being blocked.
/// </summary>
public sealed class PostgresPartitionTests
{
    private const long Day = PointBlock.DayUs;

    [Fact]
    public async Task Upkeep_TimePasses_MakesThisMonthAndTheNextTwo()
    {
        await using var store = await PostgresUnderTest.Start();
        Assert.Equal(["2026_03", "2026_04", "2026_05", "early"], await Names(store, "telemetry_block"));

        store.Advance(TimeSpan.FromDays(40));
        await store.Settle();

        Assert.Equal(["2026_03", "2026_04", "2026_05", "2026_06", "early"], await Names(store, "telemetry_block"));
        Assert.Equal(["2026_03", "2026_04", "2026_05", "2026_06", "early"], await Names(store, "device_window"));
    }

    [Fact]
    public async Task Commit_OfAnOldMonth_MakesItAndOfOlderOnesUsesTheEarlyOne()
    {
        await using var store = await PostgresUnderTest.Start();
        var device = await store.AddDevice();
        long old = StartUs - (300 * Day);
        long ancient = StartUs - (5_000 * Day);

        await device.Write(store, device.Commit(Block((1, old, 1)), Block((1, ancient, 2))) with { Events = [Event(old, "x", 1)] });

        Assert.Equal(["2025_05", "2026_03", "2026_04", "2026_05", "early"], await Names(store, "telemetry_block"));
        Assert.Contains("2025_05", await Names(store, "device_event"));
        Assert.Equal(1, await store.Ask<long>("select count(*) from telemetry_block_early"));
        Assert.Equal([(1, ancient, 2.0), (1, old, 1.0)], (await store.Devices.ReadAll(device.No)).OrderBy(p => p.TsUs));
    }

    [Fact]
    public async Task Commit_PartitionWasDroppedByAnotherProcess_MakesItAgain()
    {
        await using var store = await PostgresUnderTest.Start();
        var device = await store.AddDevice();
        await device.Write(store, Block((1, StartUs - (100 * Day), 1)));
        await store.Execute("drop table telemetry_block_2025_11");

        await device.Write(store, Block((1, StartUs - (100 * Day), 2)));

        Assert.Equal([(1, StartUs - (100 * Day), 2.0)], await store.Devices.ReadAll(device.No));
    }

    [Fact]
    public async Task Upkeep_MonthIsEmpty_DropsIt()
    {
        await using var store = await PostgresUnderTest.Start();
        var device = await store.AddDevice();
        await device.Write(store, Block((1, StartUs - (100 * Day), 1)));
        await store.Settle();
        await store.Settle();

        // Merged away: of that month's blocks nothing is left, of its chunks everything.
        Assert.DoesNotContain("2025_11", await Names(store, "telemetry_block"));
        Assert.Contains("2025_11", await Names(store, "telemetry_chunk"));
        Assert.Single(await store.Devices.ReadAll(device.No));
    }

    [Fact]
    public async Task Upkeep_MonthLiesBelowEveryFloor_DropsItWhole()
    {
        await using var store = await PostgresUnderTest.Start();
        var device = await store.AddDevice(await store.AddProject(retentionDays: 3_000));
        for (int i = 0; i < 10; i++)
            await device.Write(store, device.Commit(Block((1, StartUs - (120 * Day) + i, i))) with { Events = [Event(StartUs - (120 * Day) + i, "x", 1)] });
        await store.Settle();
        await store.Projects.SetRetention(device.ProjectId, 30, 1, None);
        store.Advance(TimeSpan.FromMinutes(1));
        await store.Settle();
        await store.Settle();

        Assert.DoesNotContain("2025_11", await Names(store, "telemetry_chunk"));
        Assert.DoesNotContain("2025_11", await Names(store, "device_event"));
        Assert.Empty(await store.Devices.ReadAll(device.No));
    }

    [Fact]
    public async Task Upkeep_LongReaderHoldsAMonth_IsPutOffAndBlocksNobody()
    {
        await using var store = await PostgresUnderTest.Start(o => o.UpkeepLockTimeout = TimeSpan.FromSeconds(2));
        var device = await store.AddDevice();
        await device.Write(store, Block((1, StartUs - (100 * Day), 1)));
        await store.Settle();
        await device.Write(store, Block((1, StartUs - (100 * Day), 2)));
        await store.Execute("delete from telemetry_block");
        Assert.Contains("2025_11", await Names(store, "telemetry_block"));
        await using (var reader = new NpgsqlConnection(store.Server.ConnectionString(store.Database) + ";Pooling=false"))
        {
            await reader.OpenAsync();
            await using var transaction = await reader.BeginTransactionAsync();
            await using (var look = new NpgsqlCommand("select count(*) from telemetry_block", reader))
                await look.ExecuteScalarAsync();

            // Waits for the reader as long as its lock timeout lets it, while commits go on.
            var settle = store.Settle();
            for (int i = 0; i < 20; i++)
                await device.Write(store, Block((1, StartUs + i, 2)));
            await settle;
            Assert.True(await store.Ask<bool>("select to_regclass('telemetry_block_2025_11') is not null"));
        }

        await store.Settle();
        Assert.False(await store.Ask<bool>("select to_regclass('telemetry_block_2025_11') is not null"));
        await device.Write(store, Block((1, StartUs - (100 * Day), 3)));
        Assert.Equal(22, (await store.Devices.ReadAll(device.No)).Count);
    }

    [Fact]
    public async Task Upkeep_LedgerIsOverItsTime_DropsItsPartitions()
    {
        await using var store = await PostgresUnderTest.Start();
        var device = await store.AddDevice();
        await device.Write(store, device.Commit() with { Batch = Ledger(store.Now) });
        var before = await Names(store, "ledger");

        store.Advance(TimeSpan.FromDays(50));
        await store.Settle();

        var after = await Names(store, "ledger");
        Assert.DoesNotContain(before[0], after);
        Assert.Equal(0, await store.Ask<long>("select count(*) from ledger"));
    }

    [Fact]
    public async Task Upkeep_SomebodyKeepsACopyOfAPartition_LeavesItAlone()
    {
        await using var store = await PostgresUnderTest.Start();
        await store.Execute("create table ledger_2026_01_copy as select * from ledger");
        await store.Execute("create table telemetry_block_2026_old(like telemetry_block)");

        await store.Settle();

        Assert.True(await store.Ask<bool>("select to_regclass('ledger_2026_01_copy') is not null"));
        Assert.True(await store.Ask<bool>("select to_regclass('telemetry_block_2026_old') is not null"));
    }

    [Fact]
    public async Task Upkeep_SomethingOfSomebodysDependsOnAPartition_DropsTheOthers()
    {
        await using var store = await PostgresUnderTest.Start();
        var first = (await Names(store, "ledger"))[0];
        var device = await store.AddDevice();
        store.Advance(TimeSpan.FromDays(20));
        await device.Write(store, device.Commit() with { Batch = Ledger(store.Now) });
        var others = (await Names(store, "ledger"))[1..];
        await store.Execute($"create view somebodys as select * from ledger_{first}");

        store.Advance(TimeSpan.FromDays(90));
        await store.Settle();
        await store.Settle();

        Assert.Empty((await Names(store, "ledger")).Intersect(others));
        Assert.True(await store.Ask<bool>($"select to_regclass('ledger_{first}') is not null"));
    }

    private static async Task<List<string>> Names(PostgresUnderTest store, string table)
    {
        string[] names = await store.Ask<string[]>(
            $"select array_agg(relname::text order by relname) from pg_class join pg_inherits on inhrelid = oid where inhparent = '{table}'::regclass and relkind = 'r'");
        return [.. names.Select(n => n[(table.Length + 1)..])];
    }
}
