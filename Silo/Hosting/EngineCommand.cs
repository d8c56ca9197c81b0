using EsoCore.Grains.Storage;
using EsoCore.Silo.Storage;
using EsoCore.Silo.Storage.PostgreSql;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EsoCore.Silo.Hosting;

/// <summary>The command <c>engine</c>: tells which engine serves an installation, or changes it while no silo is alive.</summary>
internal static class EngineCommand
{
    /// <summary>
    /// How long silos in the table are watched: several times the interval at which either engine's give a sign of life. Rows of silos that
    /// were lost stand still all that time.
    /// </summary>
    internal static readonly TimeSpan Watch = TimeSpan.FromSeconds(6);

    /// <summary>All members of both engines that have not left, each with what changes while it lives. No clocks are compared.</summary>
    private const string Members =
        """
        select host || ':' || port || ' (builtin)', heartbeat::text, generation::text from silo_member where status < 3
        union all
        select address || ':' || port || ' (orleans)', alive_at::text, generation::text from orleans_member where status < 6
        """;

    /// <summary>Runs it; the exit code.</summary>
    /// <exception cref="OptionsValidationException">The engine's name, or where the data is, is missing or wrong.</exception>
    /// <exception cref="InvalidOperationException">Silos are alive.</exception>
    /// <exception cref="IOException">The database cannot be reached, or a server has the data open.</exception>
    public static async Task<int> Run(SiloArguments arguments)
    {
        var options = SiloOptions.Of(arguments.Configuration());
        if (arguments.Operand is { } unknown && !EngineNames.All.Contains(unknown))
            throw Misused($"Engine: '{unknown}' is unknown; it must be {string.Join(" or ", EngineNames.All)}.");
        if (!string.IsNullOrEmpty(options.Postgres) && PostgresStorageOptionsValidator.ConnectionFault(options.Postgres) is { } fault)
            throw Misused($"Postgres: {fault}");

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddStorage(options, Path.GetFullPath(options.Data), upkeep: false);
        await using var app = builder.Build();
        app.Services.GetRequiredService<IStorageProbe>();
        var row = new EngineRow(app.Services.GetRequiredService<IResourceStore>(), app.Services.GetRequiredService<IReminderStore>());
        if (arguments.Operand is { } to)
            await row.Change(to, cancel => Living(options.Postgres, Watch, TimeProvider.System, cancel), CancellationToken.None);
        var now = await row.Read(CancellationToken.None);
        Console.Out.WriteLine(now is null ? "No engine has served this installation yet." : $"The engine in force is '{now.Name}'.");
        return 0;
    }

    /// <summary>The silos that are alive on a database; on the embedded storage whoever has the lock on its directory is alone.</summary>
    internal static async Task<IReadOnlyList<string>> Living(string? postgres, TimeSpan watch, TimeProvider time, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(postgres))
            return [];
        var before = await Read(postgres, cancel);
        if (before.Count == 0)
            return [];
        await Task.Delay(watch, time, cancel);
        return [.. (await Read(postgres, cancel)).Except(before).Select(member => member.Address).Distinct()];
    }

    private static async Task<HashSet<(string Address, string Sign, string Start)>> Read(string postgres, CancellationToken cancel)
    {
        try
        {
            var text = new NpgsqlConnectionStringBuilder(postgres) { Pooling = false };
            await using var source = NpgsqlDataSource.Create(text.ConnectionString);
            await using var command = source.CreateCommand(Members);
            await using var rows = await command.ExecuteReaderAsync(cancel);
            var members = new HashSet<(string, string, string)>();
            while (await rows.ReadAsync(cancel))
                members.Add((rows.GetString(0), rows.GetString(1), rows.GetString(2)));
            return members;
        }
        catch (NpgsqlException e)
        {
            throw new IOException($"The members of the cluster cannot be read: {e.Message}", e);
        }
    }

    private static OptionsValidationException Misused(string fault) => new(SiloOptions.Section, typeof(SiloOptions), [fault]);
}
