using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>Registers and maps the front door.</summary>
public static class ApiServices
{
    /// <summary>Bytes of all answers that are kept, which is the OpenAPI document as a few hosts see it.</summary>
    private const long MaxCachedBytes = 8 * 1024 * 1024;

    /// <summary>Where the page to try the routes stands; whoever opens the server's bare address is led there.</summary>
    private const string Docs = "docs";

    /// <summary>
    /// Registers what the routes need. The host registers beside it: <see cref="IGrainFactory"/>, <see cref="History.IHistory"/>,
    /// <see cref="IInstallationKeys"/>, <see cref="Projects.IInstallationSwitches"/>, <see cref="TimeProvider"/> and any
    /// <see cref="IReadinessCheck"/>; and it binds <see cref="ApiOptions"/>.
    /// </summary>
    public static IServiceCollection AddEsoCoreApi(this IServiceCollection services)
    {
        services.AddOptions<ApiOptions>().BindConfiguration(ApiOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<ApiOptions>>((limiter, api) => AddressRates.Configure(limiter, api.Value));
        services.AddOpenApi(OpenApiDocument.Name, OpenApiDocument.Configure);

        services.AddSingleton<CredentialCache>();
        services.AddSingleton<ICredentialCache>(provider => provider.GetRequiredService<CredentialCache>());
        services.AddSingleton<HandshakeNonces>();
        services.AddSingleton<AccessTokens>();
        services.AddSingleton<CallerGate>();
        services.AddSingleton<DeviceGate>();
        services.AddSingleton(provider => new DeviceRates(
            provider.GetRequiredService<TimeProvider>(), () => provider.GetRequiredService<IOptionsMonitor<ApiOptions>>().CurrentValue));
        services.AddSingleton(provider => new ByteBudget(provider.GetRequiredService<IOptions<ApiOptions>>().Value.BodyBudgetBytes));
        services.AddSingleton<BodyReader>();
        services.AddSingleton<MaintenanceMode>();
        services.AddSingleton<DeviceCallRunner>();
        services.AddSingleton<TelemetryDoor>();
        services.AddSingleton<MetricsCollector>();
        services.AddSingleton<ReadinessProbe>();
        services.AddOutputCache(cache => cache.SizeLimit = MaxCachedBytes);
        return services;
    }

    /// <summary>What every request passes, in this order, before its route.</summary>
    /// <param name="app">The server.</param>
    /// <param name="isFrontDoor">False for a process that only tells how it is.</param>
    public static void UseEsoCoreApi(this WebApplication app, bool isFrontDoor = true)
    {
        app.Services.GetRequiredService<MetricsCollector>(); // It must listen before the first request is counted.
        app.UseMiddleware<ProblemMiddleware>();
        app.UseRateLimiter();
        app.UseOutputCache();
        if (!isFrontDoor)
            return;
        // Nothing of it for devices: it would run for each of their calls.
        app.UseWhen(http => http.Request.Path.StartsWithSegments($"/{Docs}"), docs => docs.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = Docs;
            ui.DocumentTitle = "EsoCore API";
            ui.SwaggerEndpoint($"/openapi/{OpenApiDocument.Name}.json", "EsoCore");
        }));
    }

    /// <summary>Every route; in a process that is no front door, those of operations alone.</summary>
    public static void MapEsoCoreApi(this IEndpointRouteBuilder app, bool isFrontDoor = true)
    {
        app.MapOperations();
        if (!isFrontDoor)
            return;
        app.MapGet("/", (HttpContext http) => Results.Redirect($"{http.Request.PathBase}/{Docs}")).ExcludeFromDescription();
        app.MapDeviceCalls();
        app.MapFirmware();
        app.MapTokens();
        app.MapDevices();
        app.MapHistory();
        app.MapSites();
        app.MapAssets();
        app.MapConfigProfiles();
        app.MapNotifications();
        app.MapProject();
        app.MapIncidents();
        app.MapTickets();
        app.MapEscalation();
        app.MapInstallation();
        // The document costs much to write and changes only with the program; it names the host that was asked for, so each has its own.
        app.MapOpenApi().CacheOutput(policy => policy.Expire(TimeSpan.FromHours(1)).SetVaryByQuery([]));
    }
}
