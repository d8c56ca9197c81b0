using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.Engine;
using EsoCore.Runtime.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace EsoCore.Runtime.TestingHost;

/// <summary>One silo, or client, of a cluster in the test's own process.</summary>
public sealed class InProcessSiloHandle
{
    private readonly IHost _host;

    internal InProcessSiloHandle(string name, int index, IHost host) => (Name, Index, _host) = (name, index, host);

    /// <summary>Its name: Silo1 is the first.</summary>
    public string Name { get; }

    /// <summary>Its address; null without clustering and for a client.</summary>
    public SiloAddress? SiloAddress => Runtime.Cluster?.Self;

    /// <summary>Its services.</summary>
    public IServiceProvider ServiceProvider => _host.Services;

    /// <summary>Calls from this process.</summary>
    public IClusterClient Client => ServiceProvider.GetRequiredService<IClusterClient>();

    /// <summary>Whether it was started, and neither stopped nor killed.</summary>
    public bool IsActive { get; private set; }

    /// <summary>How things stand as it sees them; null without clustering.</summary>
    public ClusterState? ClusterState => Runtime.Cluster?.StateIfStarted;

    /// <summary>Whether its services are gone.</summary>
    internal bool IsDisposed { get; private set; }

    internal int Index { get; }

    internal GrainRuntime Runtime => ServiceProvider.GetRequiredService<GrainRuntime>();

    internal async Task StartAsync()
    {
        try
        {
            await _host.StartAsync();
        }
        catch (Exception exception) when (exception is not OptionsValidationException)
        {
            // As when a process that cannot start ends. With faulty options there is nothing yet to end.
            await EndAsync();
            throw;
        }

        IsActive = true;
    }

    internal async Task StopAsync()
    {
        if (!IsActive) return;
        IsActive = false;
        await _host.StopAsync();
        await DisposeAsync();
    }

    /// <summary>As when its process is killed: nobody is told, connections break, what it was doing is lost.</summary>
    internal async Task KillAsync()
    {
        if (!IsActive) return;
        IsActive = false;
        await EndAsync();
    }

    private async Task EndAsync()
    {
        GrainRuntime runtime = Runtime;
        if (runtime.Cluster is { } cluster) await cluster.StopAsync();
        runtime.End();
        await DisposeAsync();
    }

    private async Task DisposeAsync()
    {
        IsDisposed = true;
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
        else _host.Dispose();
    }
}
