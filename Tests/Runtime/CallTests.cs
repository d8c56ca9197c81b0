using EsoCore.Runtime;
using EsoCore.Runtime.CodeGeneration;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface ICalledBase
{
    Task<string> Inherited(string text);
}

public interface ICalled : IGrainWithStringKey, ICalledBase
{
    Task Nothing();

    Task<int> Add(int left, int right);

    ValueTask<string> Key();

    ValueTask Fail(string message);

    Task<int?> Nullable(int? value, List<string?>? texts, (int A, string B) pair);

    [Alias("stable")]
    Task Renamed();
}

public sealed class CalledGrain : Grain, ICalled
{
    public Task Nothing() => Task.CompletedTask;

    public async Task<int> Add(int left, int right)
    {
        await Task.Yield();
        return left + right;
    }

    public ValueTask<string> Key() => new(this.GetPrimaryKeyString());

    public async ValueTask Fail(string message)
    {
        await Task.Yield();
        throw new InvalidOperationException(message);
    }

    public Task<int?> Nullable(int? value, List<string?>? texts, (int A, string B) pair) => Task.FromResult(value + texts?.Count + pair.A);

    public Task Renamed() => Task.CompletedTask;

    public Task<string> Inherited(string text) => Task.FromResult(text + text);
}

public interface IKeyed : IGrainWithIntegerKey
{
    Task<long> Key();
}

public sealed class KeyedGrain : Grain, IKeyed
{
    public Task<long> Key() => Task.FromResult(this.GetPrimaryKeyLong());
}

public interface IGuidKeyed : IGrainWithGuidKey
{
    Task<Guid> Key();
}

[GrainType("guid-keyed")]
public sealed class GuidKeyedGrain : Grain, IGuidKeyed
{
    public Task<Guid> Key() => Task.FromResult(this.GetPrimaryKey());
}

public sealed class CallTests
{
    [Fact]
    public async Task Every_kind_of_method_returns_its_result()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ICalled grain = cluster.Client.GetGrain<ICalled>("a");
        await grain.Nothing();
        Assert.Equal(5, await grain.Add(2, 3));
        Assert.Equal("a", await grain.Key());
        Assert.Equal(6, await grain.Nullable(1, ["x", null], (3, "y")));
        Assert.Equal("xx", await grain.Inherited("x"));
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(async () => await grain.Fail("no"));
        Assert.Equal("no", failure.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public async Task An_integer_key_comes_back(long key)
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        Assert.Equal(key, await cluster.Client.GetGrain<IKeyed>(key).Key());
    }

    [Fact]
    public async Task A_guid_key_comes_back_and_the_type_is_the_attributes()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        var key = new Guid("0f8fad5b-d9cb-469f-a165-70867728950e");
        IGuidKeyed grain = cluster.Client.GetGrain<IGuidKeyed>(key);
        Assert.Equal(key, await grain.Key());
        Assert.Equal("guid-keyed/0f8fad5bd9cb469fa16570867728950e", grain.GetGrainId().ToString());
    }

    [Fact]
    public async Task References_to_one_grain_are_equal()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ICalled grain = cluster.Client.GetGrain<ICalled>("a");
        Assert.Equal(grain, cluster.Client.GetGrain<ICalled>("a"));
        Assert.NotEqual(grain, cluster.Client.GetGrain<ICalled>("b"));
        Assert.Equal(grain, cluster.Client.GetGrain<ICalled>(GrainId.Create("called", "a")));
        Assert.Equal("a", grain.GetPrimaryKeyString());
    }

    [Fact]
    public void A_grain_cannot_be_made_by_hand() => Assert.Throws<InvalidOperationException>(() => new CalledGrain());

    [Fact]
    public void A_request_lists_its_arguments_with_types_and_a_stable_id()
    {
        const string Name = "EsoCore.Runtime.CodeGeneration.Generated.Reference_EsoCore_Tests_Runtime_ICalled";
        Type reference = typeof(ICalled).Assembly.GetType(Name)!;
        GrainRequest[] requests = [.. reference.GetNestedTypes(System.Reflection.BindingFlags.NonPublic)
            .Where(type => type.IsSubclassOf(typeof(GrainRequest)))
            .Select(type => (GrainRequest)Activator.CreateInstance(type)!)];
        GrainRequest add = Assert.Single(requests, request => request.Method.Name == "Add");
        add.SetArgument(0, 4);
        add.SetArgument(1, 5);
        Assert.Equal("EsoCore.Tests.Runtime.ICalled", add.Method.InterfaceAlias);
        Assert.Equal("Add(int,int)", add.Method.Id);
        Assert.Equal([typeof(int), typeof(int)], add.Method.ArgumentTypes);
        Assert.Equal([4, 5], new[] { add.GetArgument(0), add.GetArgument(1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => add.GetArgument(2));
        Assert.Single(requests, request => request.Method.Id == "stable");
    }
}
