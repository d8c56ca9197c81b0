using System.Globalization;
using System.Reflection;
using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.CodeGeneration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EsoCore.Runtime.Engine;

/// <summary>The engine of one silo: the parts, and starting and stopping them.</summary>
internal sealed class GrainRuntime : IClusterClient, IDisposable
{
    private volatile RuntimeState _state;

    public GrainRuntime(
        IServiceProvider services, SiloRegistrations registrations, IOptions<RuntimeOptions> options, ILogger<GrainRuntime> log)
    {
        ServiceProvider = services;
        Options = options.Value;
        Log = log;
        TimeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System;
        Clock = new RuntimeClock(TimeProvider);
        ResponseTimeoutMs = (int)Options.ResponseTimeout.TotalMilliseconds;
        Catalog = new Catalog(this);
        Router = new Router(this);
        Sweeper = new Sweeper(this);
        Metrics = new RuntimeMetrics(this);
        Classes = new GrainClasses(this, registrations.GrainAssemblies, registrations.ScopedServices);
        Streams = new StreamProviders(this, registrations.MemoryStreams);
        if (registrations.ReminderTable is { } table) Reminders = new ReminderService(this, table(services));
        Cluster = registrations.Cluster?.Invoke(this);
        GrainAssemblies = [.. registrations.GrainAssemblies.Distinct()];
    }

    public IServiceProvider ServiceProvider { get; }

    public RuntimeOptions Options { get; }

    public ILogger Log { get; }

    public TimeProvider TimeProvider { get; }

    public RuntimeClock Clock { get; }

    public int ResponseTimeoutMs { get; }

    public Catalog Catalog { get; }

    public Router Router { get; }

    public Sweeper Sweeper { get; }

    public RuntimeMetrics Metrics { get; }

    public GrainClasses Classes { get; }

    public StreamProviders Streams { get; }

    public ReminderService? Reminders { get; }

    /// <summary>This process's part in a cluster; null if it is alone.</summary>
    public ClusterNode? Cluster { get; }

    public IReadOnlyList<Assembly> GrainAssemblies { get; }

    /// <summary>Whether calls are taken from anyone.</summary>
    public bool TakesCalls => _state == RuntimeState.Running;

    public bool IsStopping => _state == RuntimeState.Stopping;

    /// <summary>Whether it stops or has stopped, and will take no calls from outside again.</summary>
    public bool IsOver => _state >= RuntimeState.Stopping;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Clock.Advance();
        Sweeper.Start();
        if (Cluster is not null) await Cluster.JoinAsync(cancellationToken);
        _state = RuntimeState.Running;
        if (Cluster is not null) await Cluster.BecomeActiveAsync(cancellationToken);
        if (Reminders is not null && Cluster is not { IsClient: true }) await Reminders.StartAsync(cancellationToken);
    }

    /// <summary>
    /// Stops taking calls from outside, lets grains finish, deactivates them. What is not done within the bound is abandoned.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_state != RuntimeState.Running)
        {
            // The others took this silo for dead, or it could not join: there is nothing to hand over.
            if (Cluster is not null) await Cluster.StopAsync();
            return;
        }

        if (Cluster is not null) await Cluster.LeaveAsync(cancellationToken);
        _state = RuntimeState.Stopping;
        if (Reminders is not null && Cluster is not { IsClient: true }) await Reminders.StopAsync(cancellationToken);
        try
        {
            await DrainAsync().WaitAsync(Options.StopTimeout, TimeProvider, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            Log.LogWarning("{Count} activations were not done when the silo had to stop", Catalog.Count);
        }

        if (Cluster is not null) await Cluster.FinishLeavingAsync(cancellationToken);
        End();
        if (Cluster is not null) await Cluster.EndAsync(cancellationToken);
    }

    /// <summary>Ends at once, without waiting for anything: whatever is unfinished fails.</summary>
    public void End()
    {
        _state = RuntimeState.Stopped;
        Catalog.Abandon();
        Streams.Stop();
        Sweeper.Dispose();
    }

    private async Task DrainAsync()
    {
        await Catalog.DrainAsync();
        if (Cluster is not null) await Cluster.DrainAsync();
    }

    /// <summary>Whether a call may pass although the silo is not running; if not, it has been refused.</summary>
    public bool IsCallAllowed(GrainRequest request)
    {
        // Grains still at work may call each other until the last one is done.
        if (_state == RuntimeState.Stopping && (request.Origin != RequestOrigin.Outside || request.Caller is { Finished: false }))
            return true;

        // While it hands over, the other silos serve those who call from here.
        if (_state == RuntimeState.Stopping && Cluster is { HasOthers: true }) return true;
        string why = _state == RuntimeState.Created ? "The silo has not started." : "The silo is stopping.";
        request.Refuse(new SiloUnavailableException(why));
        return false;
    }

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        ArgumentNullException.ThrowIfNull(primaryKey);
        return Make<TGrainInterface>(primaryKey, grainClassNamePrefix);
    }

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey =>
        Make<TGrainInterface>(primaryKey.ToString("N"), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey =>
        Make<TGrainInterface>(primaryKey.ToString("X", CultureInfo.InvariantCulture), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable =>
        (TGrainInterface)(object)GrainInterface<TGrainInterface>.Info.Create(new GrainReferenceShape(this, grainId));

    public void Dispose()
    {
        Sweeper.Dispose();
        Metrics.Dispose();
    }

    private TGrainInterface Make<TGrainInterface>(string key, string? grainClassNamePrefix)
    {
        GrainInterface grainInterface = GrainInterface<TGrainInterface>.Info;
        GrainClass grainClass = Classes.Resolve(grainInterface, grainClassNamePrefix);
        var id = new GrainId(grainClass.GrainType, grainClass.TypeHash, key);
        return (TGrainInterface)(object)grainInterface.Create(new GrainReferenceShape(this, id));
    }
}

/// <summary>The life of a runtime, in order.</summary>
internal enum RuntimeState : byte
{
    Created,
    Running,
    Stopping,
    Stopped,
}
