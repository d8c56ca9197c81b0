using EsoCore.Grains.Storage;
using EsoCore.History;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Registers the embedded storage.</summary>
public static class SqliteStorageServices
{
    /// <summary>
    /// Adds the storage and its ports as singletons. The file is opened when the first of them is asked for, so a host that is to fail early
    /// asks for <see cref="SqliteStorage"/> at its start.
    /// </summary>
    public static IServiceCollection AddSqliteStorage(this IServiceCollection services, SqliteStorageOptions options)
    {
        services.AddSingleton(s => new SqliteStorage(
            options, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<SqliteStorage>>()));
        services.AddSingleton<IStorageProbe>(s => s.GetRequiredService<SqliteStorage>());
        services.AddSingleton(s => s.GetRequiredService<SqliteStorage>().Devices);
        services.AddSingleton(s => s.GetRequiredService<SqliteStorage>().Projects);
        services.AddSingleton(s => s.GetRequiredService<SqliteStorage>().Resources);
        services.AddSingleton(s => s.GetRequiredService<SqliteStorage>().Outbox);
        services.AddSingleton(s => s.GetRequiredService<SqliteStorage>().GrainStates);
        services.AddSingleton(s => s.GetRequiredService<SqliteStorage>().Reminders);
        services.AddSingleton(s => s.GetRequiredService<SqliteStorage>().History);
        services.AddSingleton(s => s.GetRequiredService<SqliteStorage>().Work);
        return services;
    }
}
