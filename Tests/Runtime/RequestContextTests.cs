using EsoCore.Runtime;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface IContextual : IGrainWithStringKey
{
    Task<string?> Get(string key);

    Task<string?> GetElsewhere(string key);

    Task<string?> SetAndGetElsewhere(string key, string value);

    Task Set(string key, string value);
}

public sealed class ContextualGrain : Grain, IContextual
{
    public async Task<string?> Get(string key)
    {
        await Task.Yield();
        return (string?)RequestContext.Get(key);
    }

    public Task<string?> GetElsewhere(string key) => GrainFactory.GetGrain<IContextual>("other").Get(key);

    public Task<string?> SetAndGetElsewhere(string key, string value)
    {
        RequestContext.Set(key, value);
        return GetElsewhere(key);
    }

    // Not async, so that nothing but the engine undoes the change.
    public Task Set(string key, string value)
    {
        RequestContext.Set(key, value);
        return Task.CompletedTask;
    }
}

public sealed class RequestContextTests
{
    [Fact]
    public async Task Values_flow_from_the_caller_through_grains_and_never_back()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IContextual grain = cluster.Client.GetGrain<IContextual>("a");
        Assert.Null(await grain.Get("k"));
        RequestContext.Set("k", "v");
        Assert.Equal("v", await grain.Get("k"));
        Assert.Equal("v", await grain.GetElsewhere("k"));
        Assert.Equal("w", await grain.SetAndGetElsewhere("k", "w"));
        Assert.Equal("v", RequestContext.Get("k"));
        Assert.True(RequestContext.Remove("k"));
        Assert.Null(await grain.Get("k"));
        RequestContext.Clear();
    }

    [Fact]
    public async Task What_a_request_sets_does_not_reach_the_next_request()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IContextual grain = cluster.Client.GetGrain<IContextual>("a");
        Task[] sets = [.. Enumerable.Range(0, 50).Select(i => grain.Set("k", i.ToString()))];
        Assert.Null(await grain.Get("k"));
        await Task.WhenAll(sets);
    }
}
