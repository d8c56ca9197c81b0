using EsoCore.Silo.Hosting;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Silo;

public sealed class StateStorageAdapterTests
{
    private static readonly GrainId Grain = GrainId.Parse("asset/1");

    private readonly InMemoryStores _stores = new(new FakeTimeProvider());

    private StateStorageAdapter Adapter => new(_stores);

    [Fact]
    public async Task Read_NoRow_ForgetsWhatAFailedWriteLeftInMemory()
    {
        var state = new GrainState<Marks>(new Marks { Count = 3 }, "unwritten") { RecordExists = true };
        await Adapter.ReadStateAsync("state", Grain, state);
        Assert.Equal((0, null, false), (state.State!.Count, state.ETag, state.RecordExists));
    }

    [Fact]
    public async Task Write_ThenRead_GivesTheStateAndItsETag()
    {
        var written = new GrainState<Marks>(new Marks { Count = 3 });
        await Adapter.WriteStateAsync("state", Grain, written);
        var read = new GrainState<Marks>();
        await Adapter.ReadStateAsync("state", Grain, read);
        Assert.Equal((3, written.ETag, true), (read.State!.Count, read.ETag, read.RecordExists));
    }

    [Fact]
    public async Task Write_OverAnotherVersion_ThrowsAndKeepsTheETag()
    {
        await Adapter.WriteStateAsync("state", Grain, new GrainState<Marks>(new Marks()));
        var late = new GrainState<Marks>(new Marks { Count = 9 });
        await Assert.ThrowsAsync<InconsistentStateException>(() => Adapter.WriteStateAsync("state", Grain, late));
        Assert.Equal((null, false), (late.ETag, late.RecordExists));
    }

    [Fact]
    public async Task Clear_LeavesANewStateWithoutARecord()
    {
        var state = new GrainState<Marks>(new Marks { Count = 3 });
        await Adapter.WriteStateAsync("state", Grain, state);
        await Adapter.ClearStateAsync("state", Grain, state);
        Assert.Equal((0, null, false), (state.State!.Count, state.ETag, state.RecordExists));
    }

    private sealed class Marks
    {
        public int Count { get; init; }
    }
}
