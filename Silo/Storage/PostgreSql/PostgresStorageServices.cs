using EsoCore.Grains.Storage;
using EsoCore.History;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Registers the storage on PostgreSQL.</summary>
public static class PostgresStorageServices
{
    /// <summary>
    /// Adds the storage and its ports as singletons. The server is connected to when the first of them is asked for, so a host that is to
    /// fail early asks for <see cref="PostgresStorage"/> at its start.
    /// </summary>
    public static IServiceCollection AddPostgresStorage(this IServiceCollection services, PostgresStorageOptions options)
    {
        services.AddSingleton(s => new PostgresStorage(
            options, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<PostgresStorage>>()));
        services.AddSingleton<IStorageProbe>(s => s.GetRequiredService<PostgresStorage>());
        services.AddSingleton(s => s.GetRequiredService<PostgresStorage>().Devices);
        services.AddSingleton(s => s.GetRequiredService<PostgresStorage>().Projects);
        services.AddSingleton(s => s.GetRequiredService<PostgresStorage>().Resources);
        services.AddSingleton(s => s.GetRequiredService<PostgresStorage>().Outbox);
        services.AddSingleton(s => s.GetRequiredService<PostgresStorage>().GrainStates);
        services.AddSingleton(s => s.GetRequiredService<PostgresStorage>().Reminders);
        services.AddSingleton(s => s.GetRequiredService<PostgresStorage>().History);
        services.AddSingleton(s => s.GetRequiredService<PostgresStorage>().Work);
        return services;
    }
}
