using EsoCore.Silo.Storage.PostgreSql;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EsoCore.Silo.Hosting;

/// <summary>The command <c>migrate</c>: makes the schema of a PostgreSQL database, or brings it up to date, and ends.</summary>
internal static class MigrateCommand
{
    /// <summary>Runs it; the exit code.</summary>
    /// <exception cref="OptionsValidationException">The connection string is missing or cannot be read.</exception>
    /// <exception cref="IOException">The database cannot be migrated; the message says why.</exception>
    public static async Task<int> Run(SiloArguments arguments)
    {
        var postgres = SiloOptions.Of(arguments.Configuration()).Postgres;
        if (PostgresStorageOptionsValidator.ConnectionFault(postgres) is { } fault)
            throw new OptionsValidationException(SiloOptions.Section, typeof(SiloOptions), [$"Postgres: {fault}"]);
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
            throw new IOException($"The database cannot be migrated: {e.Message}", e);
        }
    }
}
