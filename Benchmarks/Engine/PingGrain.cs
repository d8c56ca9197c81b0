
namespace EsoCore.Benchmarks.Engine;

/// <summary>The least a grain can do: add to a number and answer.</summary>
public interface IPing : IGrainWithStringKey
{
    /// <summary>Adds and returns the sum.</summary>
    Task<int> Add(int value);
}

/// <inheritdoc cref="IPing"/>
public sealed class PingGrain : Grain, IPing
{
    private int _sum;

    /// <inheritdoc/>
    public Task<int> Add(int value) => Task.FromResult(_sum += value);
}
