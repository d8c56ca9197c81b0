using System.Reflection;
using EsoCore.Runtime.Engine;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Runtime.Hosting;

/// <summary>Sets up the engine of one process.</summary>
public interface ISiloBuilder
{
    /// <summary>The services of the host.</summary>
    IServiceCollection Services { get; }
}

/// <summary>What a silo consists of.</summary>
public static class SiloBuilderExtensions
{
    /// <summary>The name of the storage that serves states which name none.</summary>
    public const string DefaultStorageName = "Default";

    /// <summary>Makes all grain classes of an assembly callable. Without it no class is.</summary>
    public static ISiloBuilder AddGrainAssembly(this ISiloBuilder builder, Assembly assembly)
    {
        Registrations(builder).GrainAssemblies.Add(assembly);
        return builder;
    }

    /// <summary>Registers a storage for persistent states.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The name states refer to; a later registration of the same name wins.</param>
    /// <param name="factory">Makes it, once, when first needed.</param>
    public static ISiloBuilder AddGrainStorage(this ISiloBuilder builder, string name, Func<IServiceProvider, IGrainStorage> factory)
    {
        builder.Services.AddKeyedSingleton(name, (services, _) => factory(services));
        return builder;
    }

    /// <summary>Registers a storage that keeps states in memory.</summary>
    public static ISiloBuilder AddMemoryGrainStorage(this ISiloBuilder builder, string name) =>
        builder.AddGrainStorage(name, static _ => new MemoryGrainStorage());

    /// <summary>Registers a storage in memory for states that name no storage.</summary>
    public static ISiloBuilder AddMemoryGrainStorageAsDefault(this ISiloBuilder builder) =>
        builder.AddMemoryGrainStorage(DefaultStorageName);

    /// <summary>Registers where reminders are kept; the last call wins. Without one, grains have no reminders.</summary>
    public static ISiloBuilder UseReminderTable(this ISiloBuilder builder, Func<IServiceProvider, IReminderTable> factory)
    {
        Registrations(builder).ReminderTable = factory;
        return builder;
    }

    /// <summary>Keeps reminders in memory.</summary>
    public static ISiloBuilder UseInMemoryReminderService(this ISiloBuilder builder) =>
        builder.UseReminderTable(static _ => new MemoryReminderTable());

    /// <summary>Registers streams that pass items on within the process and keep nothing.</summary>
    /// <param name="builder">The silo.</param>
    /// <param name="name">The name of the stream provider.</param>
    public static ISiloBuilder AddMemoryStreams(this ISiloBuilder builder, string name)
    {
        Registrations(builder).MemoryStreams.Add(name);
        return builder;
    }

    /// <summary>Changes <see cref="RuntimeOptions"/>.</summary>
    public static ISiloBuilder Configure(this ISiloBuilder builder, Action<RuntimeOptions> configure)
    {
        builder.Services.Configure(configure);
        return builder;
    }

    private static SiloRegistrations Registrations(ISiloBuilder builder) => ((SiloBuilder)builder).Registrations;
}

/// <summary>The builder handed to callbacks.</summary>
internal sealed class SiloBuilder(IServiceCollection services, SiloRegistrations registrations) : ISiloBuilder
{
    public IServiceCollection Services => services;

    public SiloRegistrations Registrations => registrations;
}
