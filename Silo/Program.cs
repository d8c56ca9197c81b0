using EsoCore.Api;
using EsoCore.Grains;
using EsoCore.Silo.Demo;
using EsoCore.Silo.Hosting;
using EsoCore.Silo.Storage.Sqlite;
using EsoCore.Wire;
using Microsoft.Extensions.Options;

namespace EsoCore.Silo;

/// <summary>The server: what is registered, what is mapped, in order.</summary>
internal static class Program
{
    private const int Failed = 1;
    private const int Misused = 2;

    /// <summary>How long requests and grains under way may take when the process is asked to stop.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(30);

    private static async Task<int> Main(string[] args)
    {
        var tellsOperatorKey = args is ["operator-key", ..];
        var arguments = SiloArguments.Parse(tellsOperatorKey ? args[1..] : args);
        if (arguments.Help)
        {
            Console.Out.WriteLine(SiloArguments.Usage);
            return 0;
        }

        if (arguments.Faults.Count > 0)
            return Tell(Misused, [.. arguments.Faults, "", SiloArguments.Usage]);
        if (tellsOperatorKey)
            return TellOperatorKey(arguments);
        try
        {
            await using var app = Build(arguments);
            await app.RunAsync();
            return 0;
        }
        catch (OptionsValidationException e)
        {
            return Tell(Misused, e.Failures);
        }
        catch (Exception e) when (Listening.WhyNot(e) is not null)
        {
            return Tell(Failed, [Listening.WhyNot(e)!]);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or InvalidOperationException)
        {
            return Tell(Failed, [e.Message]); // The data directory is taken, or a file is not as it must be: no stack helps with that.
        }
    }

    /// <summary>Builds the server; nothing listens before it is started.</summary>
    /// <exception cref="OptionsValidationException">Something is set up wrongly; the message names it.</exception>
    internal static WebApplication Build(SiloArguments arguments)
    {
        // Settings stand beside the program, data where it was started.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(arguments.Settings);
        var options = Validated(builder.Configuration.GetSection(SiloOptions.Section).Get<SiloOptions>() ?? new SiloOptions());
        var data = Path.GetFullPath(options.Data);

        builder.AddLogs();
        builder.AddListening(options);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopPatience);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IInstallationKeys>(MasterKeyFile.Open(data));
        var storage = builder.Configuration.GetSection("EsoCore:Storage").Get<SqliteStorageOptions>() ?? new SqliteStorageOptions();
        storage.DataDirectory = data; // One place says where data stands: --data.
        builder.Services.AddSqliteStorage(storage);
        builder.Services.AddEsoCoreGrains();
        builder.Services.AddEngine();
        builder.Services.AddEsoCoreApi();
        builder.Services.AddSingleton<IReadinessCheck, LifetimeReadiness>();
        builder.Services.AddSingleton<IReadinessCheck, StorageReadiness>();
        if (options.Demo)
            builder.Services.AddDemo(data);

        // Stopping goes the other way round: Kestrel (started last), the demo, the engine, and with the services the storage.
        var app = builder.Build();
        app.Services.GetRequiredService<SqliteStorage>(); // Opened before anything listens; a directory in use ends the start here.
        TellWhatIsMissing(app, data);

        app.UseTrustedProxies(options);
        app.UseEsoCoreApi();
        app.MapEsoCoreApi();
        return app;
    }

    /// <summary>Prints the operator's password for <c>/api/installation</c>, which whoever can read the master key knows.</summary>
    private static int TellOperatorKey(SiloArguments arguments)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection(arguments.Settings).Build();
        var data = (configuration.GetSection(SiloOptions.Section).Get<SiloOptions>() ?? new SiloOptions()).Data;
        if (!File.Exists(Path.Combine(data, MasterKeyFile.FileName)))
            return Tell(Failed, [$"There is no {MasterKeyFile.FileName} in {Path.GetFullPath(data)}; say --data."]);
        try
        {
            Console.Out.WriteLine($"{OperatorKey.User}:{OperatorKey.PasswordOf(MasterKeyFile.Open(data).Current(KeyPurposes.Operator))}");
            return 0;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return Tell(Failed, [e.Message]);
        }
    }

    private static SiloOptions Validated(SiloOptions options) =>
        options.Faults() is { Count: > 0 } faults ? throw new OptionsValidationException(SiloOptions.Section, typeof(SiloOptions), faults) : options;

    private static void TellWhatIsMissing(WebApplication app, string data)
    {
        foreach (var coding in new[] { ContentCoding.Zstd, ContentCoding.Lz4 }.Where(coding => !ContentCodec.IsAvailable(coding)))
            app.Logger.LogWarning("This machine lacks the library for {Encoding}: batches so encoded are refused with 415", ContentCodec.NameOf(coding));
        if (MasterKeyFile.IsExposed(data))
            app.Logger.LogWarning("{File} can be read by others than its owner; run chmod 600 on it", Path.Combine(data, MasterKeyFile.FileName));
    }

    private static int Tell(int exitCode, IEnumerable<string> lines)
    {
        foreach (var line in lines)
            Console.Error.WriteLine(line);
        return exitCode;
    }
}
