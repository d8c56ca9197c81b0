using EsoCore.Grains.Config;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Events;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Notifications;
using EsoCore.Grains.Feed;
using EsoCore.Grains.Liveness;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Telemetry;
using EsoCore.Projects;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace EsoCore.Grains;

/// <summary>Registers what the grains need beside the ports to storage, which the host registers.</summary>
public static class GrainServices
{
    /// <summary>Adds the services that the grains of a silo share, and their options (validated when the host starts).</summary>
    public static IServiceCollection AddEsoCoreGrains(this IServiceCollection services)
    {
        services.AddOptions<TelemetryOptions>().BindConfiguration(TelemetryOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<DeviceOptions>().BindConfiguration(DeviceOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<DecodeBudget>();
        services.AddSingleton<BatchDecoder>();
        services.AddSingleton<SharedValues>();
        services.AddSingleton<CommitPressure>();
        services.AddSingleton<ConfigProfiles>();
        services.AddSingleton<RetentionFloors>();
        services.AddInstallationSwitches();
        services.AddSingleton<ResourceLimits>();
        services.AddSingleton<Resealer>();
        services.AddSingleton<TransitionPublisher>();
        services.AddSingleton<ListeningSince>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ListeningSince>());
        services.AddSingleton<AskingSlots>();
        services.AddSingleton<FeedPublisher>();
        services.AddSingleton<RuleBooks>();
        services.AddSingleton<IRuleBooks>(provider => provider.GetRequiredService<RuleBooks>());
        services.AddSingleton<RulePlaces>();
        services.AddSingleton<DetectorRows>();
        services.AddSingleton<DeviceRuleRunner>();
        services.AddSingleton<DeviceServices>();
        services.AddIncidents();
        services.AddNotifications();
        return services;
    }

    /// <summary>Adds what a process without grains needs; <see cref="AddEsoCoreGrains"/> contains it.</summary>
    public static IServiceCollection AddInstallationSwitches(this IServiceCollection services)
    {
        services.TryAddSingleton<IInstallationSwitches, InstallationSwitches>();
        return services;
    }
}
