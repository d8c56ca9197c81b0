using EsoCore.Api;
using EsoCore.Grains;
using EsoCore.Silo.Channels;
using EsoCore.Silo.Demo;
using EsoCore.Silo.Hosting;
using EsoCore.Silo.Storage;
using EsoCore.Wire;
using Microsoft.Extensions.Options;

namespace EsoCore.Silo;

/// <summary>The server: what is registered, what is mapped, in order.</summary>
internal static class Program
{
    private const int Failed = 1;
    private const int Misused = 2;

    /// <summary>How long requests and grains under way may take when the process is asked to stop.</summary>
    internal static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(30);

    private static async Task<int> Main(string[] args)
    {
        var arguments = SiloArguments.Parse(args);
        if (arguments.Help)
        {
            Console.Out.WriteLine(SiloArguments.Usage);
            return 0;
        }

        if (arguments.Faults.Count > 0)
            return Tell(Misused, [.. arguments.Faults, "", SiloArguments.Usage]);
        try
        {
            return arguments.Command switch
            {
                SiloArguments.MigrateCommand => await MigrateCommand.Run(arguments),
                SiloArguments.OperatorKeyCommand => OperatorKeyCommand.Run(arguments, Console.Out),
                SiloArguments.EngineCommand => await EngineCommand.Run(arguments),
                _ => await Serve(arguments),
            };
        }
        catch (OptionsValidationException e)
        {
            return Tell(Misused, e.Failures);
        }
        catch (Exception e) when (Listening.WhyNot(e) is not null)
        {
            return Tell(Failed, [Listening.WhyNot(e)!]);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or InvalidOperationException or TimeoutException)
        {
            return Tell(Failed, [e.Message]); // A file, the database or the cluster is not as it must be: no stack helps with that.
        }
    }

    private static async Task<int> Serve(SiloArguments arguments)
    {
        await using var app = Build(arguments);
        var wasEvicted = Engine.AskWhetherEvicted(app.Services); // Taken now: the run ends with the services disposed.
        await app.RunAsync();
        return wasEvicted() ? Failed : 0;
    }

    /// <summary>Builds the server; nothing listens before it is started.</summary>
    /// <param name="arguments">What the command line said.</param>
    /// <param name="replace">Registrations in place of ours, such as another clock; null in production.</param>
    /// <exception cref="OptionsValidationException">Something is set up wrongly; the message names it.</exception>
    internal static WebApplication Build(SiloArguments arguments, Action<IServiceCollection>? replace = null)
    {
        // Settings stand beside the program, data where it was started.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(arguments.Settings);
        var cluster = builder.Configuration.GetSection(ClusterSettings.Section).Get<ClusterSettings>() ?? new ClusterSettings();
        var options = Validated(SiloOptions.Of(builder.Configuration), cluster);
        var data = Path.GetFullPath(options.Data);

        builder.AddLogs();
        builder.AddListening(options);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopPatience);
        builder.Services.AddSingleton(TimeProvider.System);
        var keys = options.MasterKeyFile is { } file ? MasterKeyFile.Read(file) : MasterKeyFile.Open(data);
        builder.Services.AddSingleton<IInstallationKeys>(keys);
        builder.AddStorage(options, data);
        builder.Services.AddEsoCoreGrains();
        builder.Services.AddChannels();
        if (!string.IsNullOrEmpty(options.Postgres))
            builder.Services.AddHostedService<MasterKeyCheck>(); // Before the engine: a stranger is not to join.
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<EngineRow>();
        builder.Services.AddSingleton<IHostedService, EngineCheck>();
        builder.Services.AddEngine(options, cluster, keys);
        builder.Services.AddSingleton<IHostedService, EngineCheck>();
        builder.Services.AddEsoCoreApi();
        builder.Services.AddSingleton<IReadinessCheck, LifetimeReadiness>();
        builder.Services.AddSingleton<IReadinessCheck, StorageReadiness>();
        if (options.Demo)
            builder.Services.AddDemo(data);
        replace?.Invoke(builder.Services);

        // Stopping goes the other way round: Kestrel (started last), the demo, the engine, and with the services the storage.
        var app = builder.Build();
        app.Services.GetRequiredService<IStorageProbe>(); // Opened before anything listens; a directory in use, or a schema amiss, ends the start here.
        TellWhatIsMissing(app, options);

        app.UseTrustedProxies(options);
        app.UseEsoCoreApi(options.IsFrontDoor);
        app.MapEsoCoreApi(options.IsFrontDoor);
        return app;
    }

    private static SiloOptions Validated(SiloOptions options, ClusterSettings cluster) =>
        (string[])[.. options.Faults(), .. cluster.Faults()] is { Length: > 0 } faults
            ? throw new OptionsValidationException(SiloOptions.Section, typeof(SiloOptions), faults)
            : options;

    private static void TellWhatIsMissing(WebApplication app, SiloOptions options)
    {
        foreach (var coding in new[] { ContentCoding.Zstd, ContentCoding.Lz4 }.Where(coding => !ContentCodec.IsAvailable(coding)))
            app.Logger.LogWarning("This machine lacks the library for {Encoding}: batches so encoded are refused with 415", ContentCodec.NameOf(coding));
        // A file given by name is as whoever mounts it as a secret has made it: 0440 or 0644, within a container of its own.
        if (options.MasterKeyFile is null && MasterKeyFile.PathOf(options) is var masterKey && MasterKeyFile.IsExposed(masterKey))
            app.Logger.LogWarning("{File} can be read by others than its owner; run chmod 600 on it", masterKey);
    }

    private static int Tell(int exitCode, IEnumerable<string> lines)
    {
        foreach (var line in lines)
            Console.Error.WriteLine(line);
        return exitCode;
    }
}
