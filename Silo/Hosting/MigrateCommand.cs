using EsoCore.Silo.Storage.PostgreSql;
using Npgsql;

namespace EsoCore.Silo.Hosting;

/// <summary>The command <c>migrate</c>: makes the schema of a PostgreSQL database, or brings it up to date, and ends.</summary>
internal static class MigrateCommand
{
    private const int Failed = 1;
    private const int Misused = 2;

    /// <summary>Runs it; the exit code.</summary>
    public static async Task<int> Run(SiloArguments arguments)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection(arguments.Settings).Build();
        string? postgres = configuration[$"{SiloOptions.Section}:{nameof(SiloOptions.Postgres)}"];
        if (PostgresStorageOptionsValidator.ConnectionFault(postgres) is { } fault)
            return Tell(Misused, $"Postgres: {fault}");
        try
        {
            var applied = await Migrator.Migrate(postgres!, TimeProvider.System, CancellationToken.None);
            Console.Out.WriteLine(
                applied.Count == 0
                    ? $"The database has schema {SchemaFiles.Known} already."
                    : $"The database now has schema {SchemaFiles.Known}; applied: {string.Join(", ", applied)}.");
            return 0;
        }
        catch (NpgsqlException e)
        {
            return Tell(Failed, $"The database cannot be migrated: {e.Message}");
        }
    }

    private static int Tell(int exitCode, string line)
    {
        Console.Error.WriteLine(line);
        return exitCode;
    }
}
