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
            var state = await Migrator.Read(postgres!, CancellationToken.None);
            Console.Out.WriteLine(Outcome(applied, state.Version));
            return 0;
        }
        catch (NpgsqlException e)
        {
            throw new IOException($"The database cannot be migrated: {e.Message}", e);
        }
    }

    /// <summary>What was done, as a sentence.</summary>
    internal static string Outcome(IReadOnlyList<int> applied, int version) =>
        applied.Count > 0 ? $"The database now has schema {version}; applied: {string.Join(", ", applied)}."
        : version > SchemaFiles.Known
            ? $"The database has schema {version}, newer than this program's {SchemaFiles.Known}, which it serves too: nothing to do."
            : $"The database has schema {version} already.";
}
