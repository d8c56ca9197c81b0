using EsoCore.Grains.Rules;
using EsoCore.Rules;
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
        services.TryAddSingleton<IRuleFactsReader, ConditionFactsReader>();
        services.TryAddSingleton<ISensorAlerts, NoSensorAlerts>();
        services.TryAddSingleton<IRuleBooks, NoRules>();
        return services;
    }

    /// <summary>A project without rules.</summary>
    private sealed class NoRules : IRuleBooks
    {
        private static readonly RuleBook Empty = new(0, ImmutableSortedDictionary<string, Versioned<RuleDefinition>>.Empty);

        public ValueTask<RuleBook> Get(Guid projectId) => ValueTask.FromResult(Empty);
    }
}
