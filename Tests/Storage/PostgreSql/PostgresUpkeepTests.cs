using EsoCore.Grains.Storage;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Tests.Storage.Contract;
using Npgsql;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.PostgreSql;

/// <summary>What merging and retention leave in the database.</summary>
public sealed class PostgresUpkeepTests
{
    private const long Day = PointBlock.DayUs;
    private const string Blocks = "select count(*) from telemetry_block";
    private const string Chunks = "select count(*) from telemetry_chunk";

    [Fact]
    public async Task Merge_OfAWholeDay_LeavesFullChunksButForTheLast()
    {
        await using var store = await PostgresUnderTest.Start();
        var device = await store.AddWholeDay();
        var before = await store.Devices.ReadAll(device.No);
        await store.Settle();

        Assert.Equal(before, await store.Devices.ReadAll(device.No));
        Assert.Equal(
            ["1:808", "1:4096", "1:4096", "2:808", "2:4096", "2:4096"],
            await store.Ask<string[]>("select array_agg(series_no || ':' || n order by series_no, n) from telemetry_chunk"));
        Assert.Equal(0, await store.Ask<long>(Blocks));
        Assert.Equal(18_000, await store.Ask<long>("select sum(n) from telemetry_chunk"));
    }

    [Fact]
    public async Task Merge_OfSeveralCorrections_KeepsThemApart()
    {
        await using var store = await PostgresUnderTest.Start();
        await store.AddThreeCorrections();

        await store.Settle();

        Assert.Equal(3, await store.Ask<long>(Chunks));
        Assert.Equal(2, await store.Ask<int>("select n from telemetry_chunk where correction_us = 5"));
    }

    [Fact]
    public async Task Merge_OfABlockWithAllSeries_TakesSeveralStepsAndLosesNothing()
    {
        await using var store = await PostgresUnderTest.Start();
        await store.MergeAllSeriesUnseen(steps: 30);

        Assert.Equal(4_096, await store.Ask<long>(Chunks));
        Assert.Equal(0, await store.Ask<long>(Blocks));
    }

    [Theory]
    [InlineData("update telemetry_block set data = '\\x01ff' where device_no = ")]
    [InlineData("update telemetry_block set n = 9999 where device_no = ")]
    [InlineData("update telemetry_block set runs = '\\x8000ff' where device_no = ")]
    public async Task Merge_OfADamagedBlock_LeavesItAndMergesTheOthers(string damage)
    {
        await using var store = await PostgresUnderTest.Start();
        var damaged = await store.AddDevice();
        var sound = await store.AddDevice();
        foreach (var device in new[] { damaged, sound })
            await device.Write(store, Block((1, StartUs, 1), (1, StartUs + 1, 2)));
        await store.Execute(damage + damaged.No);

        await store.Settle();

        Assert.Single(store.Errors);
        store.Errors.Clear();
        Assert.Equal(1, await store.Ask<long>(Blocks));
        Assert.Equal(1, await store.Ask<long>(Chunks));
        await Assert.ThrowsAsync<InvalidDataException>(() => store.Devices.ReadAll(damaged.No));
        Assert.Equal(2, (await store.Devices.ReadAll(sound.No)).Count);
        await damaged.Write(store, Block((1, StartUs + 2, 1)));
    }

    [Fact]
    public async Task Merge_BySeveralProcessesAtOnce_LosesNothingAndDoublesNothing()
    {
        await using var store = await PostgresUnderTest.Start();
        await using var second = store.Open();
        await using var third = store.Open();
        var devices = new List<TestDevice>();
        for (int i = 0; i < 5; i++)
            devices.Add(await store.AddDevice());
        for (int round = 0; round < 4; round++)
        {
            foreach (var device in devices)
            {
                for (int block = 0; block < 5; block++)
                    await device.Write(store, Block((1, StartUs + (device.Version * 1_000), 1), (2, StartUs + (device.Version * 1_000), 2)));
            }

            await Task.WhenAll(store.Settle(), second.Settle(), third.Settle());
        }

        await store.Settle();
        Assert.Equal(0, await store.Ask<long>(Blocks));
        Assert.Equal(10, await store.Ask<long>(Chunks));
        foreach (var device in devices)
            Assert.Equal(40, (await store.Devices.ReadAll(device.No)).Distinct().Count());
        Assert.Equal(200, await store.Ask<long>("select sum(n) from telemetry_chunk"));
    }

    [Fact]
    public async Task Merge_EnoughBlocksHaveCome_NeedsNoWaiting()
    {
        await using var store = await PostgresUnderTest.Start(o => o.MergeBlocks = 10);
        var device = await store.AddDevice();
        await store.AddBlocks(device, from: 0, count: 5);
        await StepAll(store);
        Assert.Equal(5, await store.Ask<long>(Blocks));

        await store.AddBlocks(device, from: 5, count: 5);
        await StepAll(store);
        Assert.Equal(0, await store.Ask<long>(Blocks));
    }

    [Fact]
    public async Task Merge_NoBlockHasComeForAWhile_IsFoundBySweepingAlsoAfterARestart()
    {
        await using var store = await PostgresUnderTest.Start();
        var device = await store.AddDevice();
        for (int i = 0; i < 5; i++)
            await device.Write(store, Block((1, StartUs + i, 1), (1, StartUs + i + 1_000, 1)));
        store.Advance(TimeSpan.FromMinutes(11));
        await store.Reopen();

        await StepAll(store);

        Assert.Equal(0, await store.Ask<long>(Blocks));
        Assert.Equal(1, await store.Ask<long>(Chunks));
    }

    [Fact]
    public async Task Chunks_CarryWhatChartsNeed()
    {
        await using var store = await PostgresUnderTest.Start();
        var device = await store.AddDevice();
        await device.Write(store, device.Commit(Block((1, StartUs, 3), (1, StartUs + 1, -1), (1, StartUs + 2, 7))) with { NewSeries = [Series(1)] });
        await store.Settle();

        Assert.Equal(
            "3 -1 7 9 3 7 t",
            await store.Ask<string>(
                "select concat_ws(' ', n, min, max, sum, first, last, metric_key = metric_key('temp')) from telemetry_chunk"));
    }

    [Fact]
    public async Task Retention_OfManyRows_GoesInSteps()
    {
        await using var store = await PostgresUnderTest.Start();
        var device = await store.AddDevice(await store.AddProject(retentionDays: 1));
        await store.AddDevice();
        for (int i = 0; i < 50; i++)
        {
            await device.Write(store, device.Commit(Block((1, StartUs - (2 * Day) + i, 1))) with
            {
                Windows = [Window(StartUs - (2 * Day) + i, "vib", 1, new byte[100])],
            });
        }

        store.Advance(TimeSpan.FromHours(2));
        await StepAll(store);

        Assert.Empty(await store.Devices.ReadAll(device.No));
        Assert.Equal(0, await store.Ask<long>("select count(*) from device_window"));
    }

    [Fact]
    public async Task Retention_OfAProjectThatFails_LeavesTheOthersTheirTurn()
    {
        await using var store = await PostgresUnderTest.Start();
        Guid[] projects = [await store.AddProject(retentionDays: 1), await store.AddProject(retentionDays: 1)];
        await store.Execute("update project set hidden_us = 1000, purged_us = null");
        await using var db = new NpgsqlConnection(store.Server.ConnectionString(store.Database));
        await db.OpenAsync();
        var retention = new Retention(store.Time);
        retention.Due();
        while (retention.Purging is null)
            await retention.Step(db, default);
        Guid failing = retention.Purging.Value;

        // As the loop does with a step that failed.
        retention.LeaveToOthers();
        retention.Due();
        while (retention.HasWork && await Purged() == 0)
            await retention.Step(db, default);

        Assert.Equal(projects.Single(id => id != failing), await store.Ask<Guid>("select id from project where purged_us is not null"));

        Task<long> Purged() => store.Ask<long>("select count(*) from project where purged_us is not null");
    }

    [Theory]
    [InlineData(4.5, 5)]
    [InlineData(2.0, 2)]
    [InlineData(0.3, 1)]
    [InlineData(-1.0, 1)]
    public void SecondsLeft_OfAWriteThatHasWaited_AreWhatIsLeftOfItsTime(double left, int seconds) =>
        Assert.Equal(seconds, Sessions.SecondsLeft(TimeSpan.FromSeconds(left)));

    private static async Task StepAll(PostgresUnderTest store)
    {
        while (await store.Storage.StepUpkeep())
        {
            // Until nothing is due.
        }
    }
}
