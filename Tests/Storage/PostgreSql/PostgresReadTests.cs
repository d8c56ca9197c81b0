using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Tests.Storage.Contract;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.PostgreSql;

/// <summary>Reads that find no connection free.</summary>
public sealed class PostgresReadTests
{
    [Fact]
    public async Task Read_NoConnectionBecomesFree_EndsWithinTheLimitOfACall()
    {
        await using var store = await PostgresUnderTest.Start(o => o.MaxPoolSize = 2);
        var device = await store.AddDevice();
        await device.Write(store, Block((1, StartUs, 1)));
        await using var first = store.Devices.ReadOverlap(device.No, 0, long.MaxValue / 2, None).GetAsyncEnumerator();
        await using var second = store.Devices.ReadOverlap(device.No, 0, long.MaxValue / 2, None).GetAsyncEnumerator();
        Assert.True(await first.MoveNextAsync() && await second.MoveNextAsync());

        // Neither has a limit of its own: the one is as long as its consumer likes, the other has a limit for each of its steps.
        Task[] waiting = [store.Devices.ReadAll(device.No), store.History.DeviceExists(new Scope(device.ProjectId), device.Id, None)];
        Assert.DoesNotContain(waiting, w => w.IsCompleted);
        store.Advance(PostgresUnderTest.TooLong);

        foreach (var read in waiting)
            await Assert.ThrowsAsync<StorageUnavailableException>(() => read);
        await first.DisposeAsync();
        Assert.Single(await store.Devices.ReadAll(device.No));
    }
}
