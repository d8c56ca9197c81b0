using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Silo.Storage;
using EsoCore.Silo.Storage.Sqlite;
using EsoCore.Tests.Storage.Contract;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Sqlite;

/// <summary>What merging leaves in the file, and when it runs.</summary>
public sealed class SqliteUpkeepTests
{
    private const long Day = PointBlock.DayUs;

    [Fact]
    public async Task Merge_OfAWholeDay_LeavesFullChunksButForTheLast()
    {
        await using var store = new SqliteUnderTest();
        await store.AddWholeDay();
        await store.Settle();

        var chunks = await store.Storage.Inspect(
            db =>
            {
                var list = new List<(int Series, int N)>();
                using var row = db.Use("select series_no, n from chunk order by series_no, n");
                while (row.Step())
                    list.Add((row.Int(0), row.Int(1)));
                return list;
            });
        Assert.Equal([(1, 9_000 - (2 * 4_096)), (1, 4_096), (1, 4_096), (2, 9_000 - (2 * 4_096)), (2, 4_096), (2, 4_096)], chunks);
        Assert.Equal(0, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from batch_block")));
        Assert.Equal(0, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from pending_merge")));
    }

    [Fact]
    public async Task Merge_OfSeveralCorrections_KeepsThemApart()
    {
        await using var store = new SqliteUnderTest();
        await store.AddThreeCorrections();

        await store.Settle();

        Assert.Equal(3, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from chunk")));
        Assert.Equal(2, await store.Storage.Inspect(db => FileLook.One(db, "select n from chunk where correction_us = 5")));
    }

    [Fact]
    public async Task Merge_OfABlockWithAllSeries_TakesSeveralStepsAndLosesNothing()
    {
        await using var store = new SqliteUnderTest();
        await store.MergeAllSeriesUnseen(steps: 12);

        Assert.Equal(4_096, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from chunk")));
        Assert.Equal(0, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from batch_block")));
    }

    [Fact]
    public async Task Merge_OfADamagedBlock_LeavesItAndMergesTheOthers()
    {
        await using var store = new SqliteUnderTest();
        var damaged = await store.AddDevice();
        var sound = await store.AddDevice();
        foreach (var device in new[] { damaged, sound })
            await device.Write(store, Block((1, StartUs, 1), (1, StartUs + 1, 2)));
        await store.Storage.DisposeAsync();
        using (var db = Db.Open(Path.Combine(store.DataDirectory, SqliteStorage.FileName), readOnly: false))
            db.Execute($"update batch_block set data = x'01ff' where device_no = {damaged.No}");
        await store.Reopen();

        await store.Settle();

        Assert.Equal(1, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from batch_block")));
        Assert.Equal(1, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from chunk")));
        await Assert.ThrowsAsync<InvalidDataException>(() => store.Devices.ReadAll(damaged.No));
        Assert.Equal(2, (await store.Devices.ReadAll(sound.No)).Count);
        await damaged.Write(store, Block((1, StartUs + 2, 1)));
    }

    [Fact]
    public async Task Merge_OfABlockThatBreaksTheRules_LeavesItAndMergesTheOthers()
    {
        await using var store = new SqliteUnderTest();
        var damaged = await store.AddDevice();
        var sound = await store.AddDevice();
        (int, long, double)[] wide = [.. Enumerable.Range(1, 1_000).Select(s => (s, StartUs, (double)s))];
        foreach (var device in new[] { damaged, sound })
            await device.Write(store, Block(wide));
        await store.Storage.DisposeAsync();

        // The last of its series now has the number 0, which nothing notices until a step puts back what it did not come to.
        using (var db = Db.Open(Path.Combine(store.DataDirectory, SqliteStorage.FileName), readOnly: false))
        {
            using var block = db.Use("select runs from batch_block limit 1");
            Assert.True(block.Step());
            byte[] runs = block.Bytes(0);
            (runs[^3], runs[^2]) = (0x80, 0);
            block.Dispose();
            db.Use("update batch_block set runs = ? where device_no = ?").Add(runs).Add(damaged.No).Run();
        }

        await store.Reopen();
        await store.Settle();

        Assert.Equal(1, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from batch_block")));
        Assert.Equal(1_000, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from chunk")));
        Assert.Equal(1_000, (await store.Devices.ReadAll(sound.No)).Count);
    }

    [Fact]
    public async Task Merge_OfManySeriesWithLongChunks_RewritesALimitedNumberAStep()
    {
        await using var store = new SqliteUnderTest(o => o.UpkeepInterval = TimeSpan.FromHours(1));
        var device = await store.AddDevice();
        for (int s = 1; s <= 20; s++)
            await device.Write(store, Block([.. Enumerable.Range(0, 4_000).Select(i => (s, StartUs + (i * 1_000L), (double)i))]));
        await store.Settle();
        await device.Write(store, Block([.. Enumerable.Range(1, 20).Select(s => (s, StartUs + 5_000_000, 1.0))]));
        var before = await store.Devices.ReadAll(device.No);

        store.Advance(TimeSpan.FromMinutes(11));
        var left = await store.Storage.Watch(db => FileLook.One(db, "select coalesce(sum(n), 0) from batch_block"));

        Assert.Equal(0, left[^1]);
        Assert.All(left.Zip(left.Skip(1)), pair => Assert.InRange(pair.First - pair.Second, 0, 5));
        Assert.Equal(20, left[0]);
        Assert.Equal(before, await store.Devices.ReadAll(device.No));
    }

    [Fact]
    public async Task Log_WhateverIsWritten_StaysShort()
    {
        await using var store = new SqliteUnderTest();
        var device = await store.AddDevice();
        var random = new Random(5);
        byte[] raw = new byte[1 << 20];
        for (int i = 0; i < 48; i++)
        {
            random.NextBytes(raw);
            await device.Write(store, device.Commit() with { Windows = [Window(StartUs + i, "vib", 1, [.. raw])] });
        }

        // The checkpoint of the last 8 MiB may be under way, but none of those before it is missing.
        var log = new FileInfo(Path.Combine(store.DataDirectory, SqliteStorage.FileName + "-wal"));
        Assert.InRange(log.Length, 0, 20 << 20);
    }

    [Fact]
    public async Task Retention_OfManyWindows_DeletesFewAStep()
    {
        await using var store = new SqliteUnderTest(o => o.UpkeepInterval = TimeSpan.FromHours(1));
        var device = await store.AddDevice();
        for (int i = 0; i < 20; i++)
            await device.Write(store, device.Commit() with { Windows = [Window(StartUs - (2 * Day) + i, "vib", 1, new byte[100])] });

        await store.Projects.SetRetention(device.ProjectId, 1, 1, None);
        await store.Settle();
        store.Advance(RetentionRules.Lag);
        var left = await store.Storage.Watch(db => FileLook.One(db, "select count(*) from window"));

        Assert.Equal(0, left[^1]);
        Assert.All(left.Zip(left.Skip(1)), pair => Assert.InRange(pair.First - pair.Second, 0, 8));
        Assert.Equal(20, left[0]);
        Assert.True(RetentionRules.Lag > 2 * RetentionFloors.MaxAge);
    }

    [Fact]
    public async Task Upkeep_AfterARestart_FindsWhatWasPending()
    {
        await using var store = new SqliteUnderTest();
        var device = await store.AddDevice();
        await store.AddBlocks(device, from: 0, count: 5);
        store.Advance(TimeSpan.FromMinutes(11));
        await store.Reopen();

        await StepAll(store);

        Assert.Equal(0, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from batch_block")));
        Assert.Equal(1, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from chunk")));
    }

    [Fact]
    public async Task Upkeep_FewFreshBlocks_LeavesThem()
    {
        await using var store = new SqliteUnderTest(o => o.MergeBlocks = 10);
        var device = await store.AddDevice();
        await store.AddBlocks(device, from: 0, count: 5);

        await StepAll(store);

        Assert.Equal(5, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from batch_block")));
        await store.AddBlocks(device, from: 5, count: 5);
        await StepAll(store);

        Assert.Equal(0, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from batch_block")));
    }

    [Fact]
    public async Task PointsBeyondTheDay_OfRetention_GoInSteps()
    {
        await using var store = new SqliteUnderTest();
        var device = await store.AddDevice(await store.AddProject(retentionDays: 1));
        for (int i = 0; i < 600; i++)
            await device.Write(store, Block((1, StartUs - (2 * Day) + i, 1)));

        store.Advance(TimeSpan.FromHours(2));
        await store.Settle();

        Assert.Empty(await store.Devices.ReadAll(device.No));
        Assert.Equal(0, await store.Storage.Inspect(db => FileLook.One(db, "select count(*) from pending_merge")));
    }

    private static async Task StepAll(SqliteUnderTest store)
    {
        while (await store.Storage.StepUpkeep())
        {
            // Until nothing is due.
        }
    }
}
