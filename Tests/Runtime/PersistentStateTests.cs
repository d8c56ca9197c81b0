using EsoCore.Runtime;
using Xunit;

namespace EsoCore.Tests.Runtime;

public sealed class Counter
{
    public int Value { get; set; }
}

public interface ICounting : IGrainWithStringKey
{
    Task<int> Add(int value);

    Task AddWithoutWriting(int value);

    Task<bool> TryAdd(int value);

    Task<int> AddThrough(string key, int value);

    Task Clear();

    Task<(int Value, bool Exists, string? ETag, int Second)> Get();
}

public sealed class CountingGrain : Grain, ICounting
{
    private readonly IPersistentState<Counter> _first;
    private readonly IPersistentState<Counter> _second;
    private int _atActivation;

    public CountingGrain(
        [PersistentState("first")] IPersistentState<Counter> first,
        [PersistentState("second", "Default")] IPersistentState<Counter> second)
    {
        _first = first;
        _second = second;
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _atActivation = _first.State.Value;
        return Task.CompletedTask;
    }

    public async Task<int> Add(int value)
    {
        _first.State.Value += value;
        await _first.WriteStateAsync();
        return _atActivation;
    }

    public Task AddWithoutWriting(int value)
    {
        _first.State.Value += value;
        return Task.CompletedTask;
    }

    public async Task<bool> TryAdd(int value)
    {
        try
        {
            await Add(value);
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }

    public Task<int> AddThrough(string key, int value) => GrainFactory.GetGrain<ICounting>(key).Add(value);

    public Task Clear() => _first.ClearStateAsync();

    public Task<(int Value, bool Exists, string? ETag, int Second)> Get() =>
        Task.FromResult((_first.State.Value, _first.RecordExists, _first.Etag, _second.State.Value));
}

public sealed class PersistentStateTests
{
    private static readonly GrainId s_grain = GrainId.Create("counting", "a");

    [Fact]
    public async Task A_state_written_is_read_before_the_next_activation_begins()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ICounting grain = cluster.Client.GetGrain<ICounting>("a");
        Assert.Equal((0, false, null, 0), await grain.Get());
        Assert.Equal(0, await grain.Add(5));
        await cluster.RestartAsync();
        grain = cluster.Client.GetGrain<ICounting>("a");
        (int value, bool exists, string? eTag, int second) = await grain.Get();
        Assert.Equal((5, true, 0), (value, exists, second));
        Assert.NotNull(eTag);
        Assert.Equal(5, await grain.Add(1));
    }

    [Fact]
    public async Task What_is_not_written_is_lost()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        await cluster.Client.GetGrain<ICounting>("a").AddWithoutWriting(5);
        await cluster.RestartAsync();
        Assert.Equal(0, (await cluster.Client.GetGrain<ICounting>("a").Get()).Value);
    }

    [Fact]
    public async Task A_conflict_fails_the_call_and_the_next_one_reads_anew()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ICounting grain = cluster.Client.GetGrain<ICounting>("a");
        await grain.Add(1);
        await WriteBehindAsync(cluster, 100);
        var conflict = await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Add(1));
        Assert.NotEqual(conflict.StoredEtag, conflict.CurrentEtag);
        Assert.Equal(100, await grain.Add(1));
        Assert.Equal(101, (await grain.Get()).Value);
    }

    [Fact]
    public async Task A_conflict_deactivates_only_the_grain_in_which_it_arose()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ICounting caller = cluster.Client.GetGrain<ICounting>("caller"), grain = cluster.Client.GetGrain<ICounting>("a");
        await grain.Add(1);
        await caller.AddWithoutWriting(7);
        await WriteBehindAsync(cluster, 100);
        await Assert.ThrowsAsync<InconsistentStateException>(() => caller.AddThrough("a", 1));
        Assert.Equal(7, (await caller.Get()).Value);
        Assert.Equal(100, (await grain.Get()).Value);
    }

    [Fact]
    public async Task A_conflict_that_the_grain_handles_does_not_deactivate_it()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ICounting grain = cluster.Client.GetGrain<ICounting>("a");
        await grain.Add(1);
        await WriteBehindAsync(cluster, 100);
        Assert.False(await grain.TryAdd(1));
        Assert.Equal(2, (await grain.Get()).Value);
    }

    [Fact]
    public async Task Clear_removes_the_record()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ICounting grain = cluster.Client.GetGrain<ICounting>("a");
        await grain.Add(5);
        await grain.Clear();
        Assert.Equal((0, false, null, 0), await grain.Get());
        await grain.Add(2);
        Assert.Equal(2, (await grain.Get()).Value);
    }

    [Fact]
    public async Task Memory_storage_checks_versions_on_every_change()
    {
        var storage = new MemoryGrainStorage();
        var first = new GrainState<Counter>(new Counter { Value = 1 });
        await storage.WriteStateAsync("s", s_grain, first);
        var second = new GrainState<Counter>(new Counter { Value = 2 });
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("s", s_grain, second));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("s", s_grain, second));
        await storage.ReadStateAsync("s", s_grain, second);
        await storage.ClearStateAsync("s", s_grain, second);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("s", s_grain, first));
    }

    private static async Task WriteBehindAsync(RuntimeCluster cluster, int value)
    {
        var record = new GrainState<Counter>();
        await cluster.Storage.ReadStateAsync("first", s_grain, record);
        record.State!.Value = value;
        await cluster.Storage.WriteStateAsync("first", s_grain, record);
    }
}
