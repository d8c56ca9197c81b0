using EsoCore.Runtime.Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace EsoCore.Runtime.Hosting;

/// <summary>Adds the engine to a host.</summary>
public static class RuntimeServiceCollectionExtensions
{
    /// <summary>
    /// Adds the engine: <see cref="IGrainFactory"/> and <see cref="IClusterClient"/>, and a hosted service that starts it with the host and
    /// stops it gracefully. Hosted services
    /// registered later start after it and stop before it. Options out of bounds fail the start, naming property and bound. Calling it
    /// again adds to the same silo.
    /// </summary>
    /// <param name="services">The host's services; a <see cref="TimeProvider"/> among them is used for all time.</param>
    /// <param name="configure">Changes the limits.</param>
    public static ISiloBuilder AddEsoCoreRuntime(this IServiceCollection services, Action<RuntimeOptions>? configure = null)
    {
        if (configure is not null) services.Configure(configure);
        ServiceDescriptor? earlier = services.FirstOrDefault(service => service.ServiceType == typeof(SiloRegistrations));
        if (earlier?.ImplementationInstance is SiloRegistrations known) return new SiloBuilder(services, known);

        var registrations = new SiloRegistrations(services);
        services.AddLogging();
        services.AddOptions<RuntimeOptions>().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RuntimeOptions>, RuntimeOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(registrations);
        services.AddSingleton<GrainRuntime>();
        services.AddSingleton<IClusterClient>(static services => services.GetRequiredService<GrainRuntime>());
        services.AddSingleton<IGrainFactory>(static services => services.GetRequiredService<GrainRuntime>());
        services.AddHostedService<SiloHostedService>();
        return new SiloBuilder(services, registrations);
    }

    /// <summary>Starts and stops the engine with the host.</summary>
    private sealed class SiloHostedService(GrainRuntime runtime) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => runtime.StartAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => runtime.StopAsync(cancellationToken);
    }
}
