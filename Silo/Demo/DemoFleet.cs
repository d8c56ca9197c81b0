using System.Net;
using EsoCore.Api;
using EsoCore.Device;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace EsoCore.Silo.Demo;

/// <summary>The demo: once the server listens, makes the demo project and keeps simulated devices uploading to it through HTTP like any other.</summary>
internal sealed class DemoFleet(
    DemoProject project, DemoFile file, DemoIncidents incidents, IServer server, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<DemoFleet> log) : IHostedService
{
    /// <summary>How often each simulated device uploads.</summary>
    public static readonly TimeSpan UploadEvery = TimeSpan.FromSeconds(5);

    private Task _run = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => _run = Run(lifetime.ApplicationStopping));
        return Task.CompletedTask;
    }

    /// <summary>The devices stop when the process begins to stop; this only waits for them.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _run.WaitAsync(cancellationToken);

    private async Task Run(CancellationToken stopping)
    {
        try
        {
            await Task.Yield(); // Off the thread that tells everybody of the start.
            var url = OwnUrl(server.Features.Get<IServerAddressesFeature>()?.Addresses.First() ?? "");
            var state = await project.Make(url);
            DemoBanner.Write(Console.Out, url, state, file.EnvPath, time);
            using var fleet = new Fleet(OptionsOf(state, new Uri(url)), time, Handler());
            await Task.WhenAll(fleet.RunAsync(stopping), incidents.Watch(state.ProjectId, Console.Out, stopping));
        }
        catch (Exception e) when (!stopping.IsCancellationRequested)
        {
            log.LogError(e, "The demo failed; the server goes on without it");
        }
        catch (Exception)
        {
            // Whatever was under way when the process began to stop.
        }
    }

    private FleetOptions OptionsOf(DemoState state, Uri url) => new()
    {
        Server = url,
        Devices =
        [
            .. state.Devices.Select(device => new FleetDevice(
                new DeviceCredentials(device.DeviceId.ToString("D"), device.Secret),
                Enum.Parse<MachineKind>(device.Machine, ignoreCase: true),
                device.SiteId,
                device.AssetId,
                file.OpenCycle(device.DeviceId))),
        ],
        CycleSettled = Keep,
        Interval = UploadEvery,
    };

    private void Keep(FleetDevice device, OpenCycle? cycle)
    {
        try
        {
            file.KeepOpenCycle(Guid.Parse(device.Credentials.DeviceId), cycle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("The demo's open cycles cannot be kept: {Reason}", e.Message);
        }
    }

    /// <summary>Where this process reaches itself.</summary>
    internal static string OwnUrl(string address)
    {
        var bound = BindingAddress.Parse(address);
        var host = IPAddress.TryParse(bound.Host.Trim('[', ']'), out var ip) && !ip.Equals(IPAddress.Any) && !ip.Equals(IPAddress.IPv6Any) ? bound.Host : "127.0.0.1";
        return $"{bound.Scheme}://{host}:{bound.Port}";
    }

    // The devices talk to their own process over loopback, where a certificate made for another name proves nothing.
    private static SocketsHttpHandler Handler() => new() { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
}

/// <summary>Registers the demo.</summary>
internal static class DemoServices
{
    public static void AddDemo(this IServiceCollection services, string dataDirectory)
    {
        services.Configure<ApiOptions>(api => api.SeedEnabled = true);
        services.AddSingleton(new DemoFile(dataDirectory));
        services.AddSingleton<DemoProject>();
        services.AddSingleton<DemoIncidents>();
        services.AddHostedService<DemoFleet>();
    }
}
