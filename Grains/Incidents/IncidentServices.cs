using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EsoCore.Grains.Incidents;

/// <summary>Registers what incidents need; what is registered already stays.</summary>
internal static class IncidentServices
{
    /// <summary>Adds the services.</summary>
    public static IServiceCollection AddIncidents(this IServiceCollection services)
    {
        services.TryAddSingleton<IIncidentOutlet, GrainOutlet>();
        return services;
    }
}
