using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Contract;

/// <summary>What upkeep is given to do; each store's own tests look at what it leaves.</summary>
internal static class UpkeepSeeds
{
    /// <summary>Two series of 9,000 points of one day in 60 blocks, merged now and then, the last of them not yet.</summary>
    public static async Task<TestDevice> AddWholeDay(this IStorageUnderTest store)
    {
        var device = await store.AddDevice();
        for (int block = 0; block < 60; block++)
        {
            (int, long, double)[] points =
                [.. Enumerable.Range(0, 300).Select(i => (1 + (i % 2), StartUs + (((block * 300L) + i) * 1_000_000), (double)i))];
            await device.Write(store, Block(points));
            if (block % 7 == 0)
                await store.Settle();
        }

        return device;
    }

    /// <summary>One series under three corrections, two of them twice.</summary>
    public static async Task AddThreeCorrections(this IStorageUnderTest store)
    {
        var device = await store.AddDevice();
        foreach (long correction in new long[] { 0, 5, 0, 5, -3 })
            await device.Write(store, Block(correction, (1, StartUs + device.Version, 1)));
    }

    /// <summary>Merges two blocks of 4,096 series in small steps, none of which may be seen in what is read.</summary>
    public static async Task MergeAllSeriesUnseen(this IStorageUnderTest store, int steps)
    {
        var device = await store.AddDevice();
        for (int block = 0; block < 2; block++)
            await device.Write(store, Block([.. Enumerable.Range(1, 4_096).Select(s => (s, StartUs + block, (double)s))]));
        var before = await store.Devices.ReadAll(device.No);

        store.Advance(TimeSpan.FromHours(1));
        for (int step = 0; step < steps; step++)
        {
            await store.Step();
            Assert.Equal(before, await store.Devices.ReadAll(device.No));
        }

        await store.Settle();
        Assert.Equal(before, await store.Devices.ReadAll(device.No));
    }

    /// <summary>Blocks of one day, too few and too fresh to be merged for their number.</summary>
    public static async Task AddBlocks(this IStorageUnderTest store, TestDevice device, int from, int count)
    {
        for (int i = from; i < from + count; i++)
            await device.Write(store, Block((1, StartUs + i, 1)));
    }
}
