using EsoCore.Silo.Storage.Sqlite;
using EsoCore.Tests.Storage.Contract;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Sqlite;

/// <summary>The file as a crash would leave it: the data file and its log copied while the writer is held in the middle of its work.</summary>
public sealed class SqliteCrashTests
{
    private const int Commits = 120;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Copy_TakenAroundACommit_OpensWithEverythingAcknowledged(bool afterCommit)
    {
        await using var store = new SqliteUnderTest(o => o.MergeBlocks = 4);
        var device = await store.AddDevice();
        await device.Write(store, device.Commit() with { NewSeries = [Series(1), Series(2)] });
        var random = new Random(11);
        long acknowledged = device.Version;
        var copies = new List<(string Directory, long Acknowledged)>();
        void Copy()
        {
            // Called on the writer thread, for commits and not for slices of merging, which come in between.
            if (random.Next(8) == 0)
                copies.Add((CopyFiles(store), Volatile.Read(ref acknowledged)));
        }

        store.OnCommit(afterCommit ? null : Copy, afterCommit ? Copy : null);
        for (int i = 0; i < Commits; i++)
        {
            await Write(store, device, i);
            Volatile.Write(ref acknowledged, device.Version);
        }

        store.OnCommit(null, null);
        Assert.NotEmpty(copies);
        foreach (var (directory, before) in copies)
            await CheckCopy(directory, device, before);
    }

    [Fact]
    public async Task Copy_WithALogCutAnywhere_OpensWithSomeEarlierCommitWhole()
    {
        await using var store = new SqliteUnderTest(o => o.MergeBlocks = 4);
        var device = await store.AddDevice();
        await device.Write(store, device.Commit() with { NewSeries = [Series(1), Series(2)] });
        await store.Reopen();
        for (int i = 0; i < Commits; i++)
            await Write(store, device, i);
        var random = new Random(13);
        for (int cut = 0; cut < 20; cut++)
        {
            string directory = "";
            store.OnCommit(() => directory = CopyFiles(store), null);
            await Write(store, device, Commits + cut);
            store.OnCommit(null, null);
            using (var log = File.OpenWrite(Path.Combine(directory, SqliteStorage.FileName + "-wal")))
                log.SetLength(random.NextInt64(log.Length));
            await CheckCopy(directory, device, 1);
        }
    }

    private static Task Write(SqliteUnderTest store, TestDevice device, int i)
    {
        long us = StartUs + (i * 1_000_000L);
        return device.Write(store, device.Commit(Block((1, us, 1), (2, us, 2))) with { Batch = Ledger(Start), Events = [Event(us, "x", 1)] });
    }

    private static string CopyFiles(SqliteUnderTest store)
    {
        string copy = Directory.CreateTempSubdirectory("esocore-copy-").FullName;
        foreach (string suffix in new[] { "", "-wal" })
            File.Copy(Path.Combine(store.DataDirectory, SqliteStorage.FileName + suffix), Path.Combine(copy, SqliteStorage.FileName + suffix));
        return copy;
    }

    private static async Task CheckCopy(string directory, TestDevice device, long acknowledged)
    {
        await using (var copy = new SqliteUnderTest(directory: directory))
        {
            long version = (await copy.Devices.Load(device.Id, None))!.TwinVersion;
            Assert.InRange(version, acknowledged, device.Version);
            var points = await copy.Devices.ReadAll(device.No);
            Assert.Equal(2 * (version - 1), points.Count);
            Assert.Equal(points.Count, points.Distinct().Count());
            Assert.Equal(version - 1, await copy.Storage.Inspect(db => FileLook.One(db, "select count(*) from ledger")));
            Assert.Equal(version - 1, await copy.Storage.Inspect(db => FileLook.One(db, "select count(*) from event")));
            await copy.Settle();
            Assert.Equal(points, await copy.Devices.ReadAll(device.No));
            Assert.Equal("ok", await copy.Storage.Inspect(db => FileLook.Text(db, "pragma integrity_check")));
        }

        Directory.Delete(directory, true);
    }
}
