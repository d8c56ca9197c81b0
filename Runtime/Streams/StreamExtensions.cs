using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime;

/// <summary>Finds stream providers and streams.</summary>
public static class StreamProviderExtensions
{
    /// <summary>The provider of this name.</summary>
    /// <exception cref="KeyNotFoundException">None is registered under this name.</exception>
    public static IStreamProvider GetStreamProvider(this IGrainBase grain, string name) =>
        ((Activation)grain.GrainContext).Runtime.Streams.Find(name);

    /// <summary>The provider of this name.</summary>
    /// <exception cref="KeyNotFoundException">None is registered under this name.</exception>
    public static IStreamProvider GetStreamProvider(this IClusterClient client, string name) => ((GrainRuntime)client).Streams.Find(name);

    /// <summary>The stream with this namespace and key.</summary>
    public static IAsyncStream<T> GetStream<T>(this IStreamProvider provider, string ns, string key) =>
        provider.GetStream<T>(StreamId.Create(ns, key));
}
