using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Silo.Storage.Sqlite;

namespace EsoCore.Silo.Hosting;

/// <summary>Which storage a process works on: PostgreSQL where a connection string is given, otherwise the embedded one.</summary>
internal static class StorageChoice
{
    /// <summary>Where the settings of either stand in the configuration.</summary>
    private const string Section = "EsoCore:Storage";

    /// <summary>Adds the storage and its ports. On PostgreSQL, processes that hold grains share the upkeep, unless told not to.</summary>
    public static void AddStorage(this WebApplicationBuilder builder, SiloOptions options, string data, bool upkeep = true)
    {
        var section = builder.Configuration.GetSection(Section);
        if (!string.IsNullOrEmpty(options.Postgres))
        {
            var postgres = section.Get<PostgresStorageOptions>() ?? new PostgresStorageOptions();
            postgres.ConnectionString = options.Postgres; // One place says where the database is: --postgres.
            postgres.RunsUpkeep = upkeep && options.HoldsGrains; // A front door reads history, and no more.
            builder.Services.AddPostgresStorage(postgres);
            return;
        }

        var sqlite = section.Get<SqliteStorageOptions>() ?? new SqliteStorageOptions();
        sqlite.DataDirectory = data; // One place says where data stands: --data.
        builder.Services.AddSqliteStorage(sqlite);
    }
}
