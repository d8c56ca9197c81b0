using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// One activation of a grain: its mailbox, its turns and its life. It is a <see cref="TaskScheduler"/>, and slices of its work run as tasks
/// on it, so that every
/// kind of continuation begun in a grain (await, ContinueWith, StartNew, Yield) comes back as a turn of the same grain, as with Orleans.
/// This file holds what an idle activation consists of; every field counts, since there may be millions.
/// </summary>
internal sealed partial class Activation : TaskScheduler, IGrainContext, IThreadPoolWorkItem
{
    [ThreadStatic]
    private static Activation? t_underConstruction;

    private readonly GrainId _id;

    /// <summary>Link of the catalog's hash chain.</summary>
    internal Activation? NextInBucket;

    /// <summary>Link of the list of activations with unfinished requests, kept by the sweeper.</summary>
    internal Activation? NextBusy;

    internal int OnBusyList;

    private object? _grain;
    private ActivationExtras? _extras;
    private volatile ActivationStatus _status;

    /// <summary>On the runtime's clock; in seconds to keep it small.</summary>
    private int _lastUsedSeconds;

    public Activation(GrainClass grainClass, GrainId id)
    {
        Class = grainClass;
        _id = id;
        _lastUsedSeconds = grainClass.Runtime.Clock.NowSeconds;
    }

    /// <summary>The activation whose grain is being constructed on this thread.</summary>
    public static Activation? UnderConstruction => t_underConstruction;

    public GrainClass Class { get; }

    public GrainRuntime Runtime => Class.Runtime;

    public GrainId GrainId => _id;

    public object? GrainInstance => _grain;

    public IServiceProvider ActivationServices => _extras?.Scope?.ServiceProvider ?? Runtime.ServiceProvider;

    internal ActivationStatus Status => _status;

    internal bool IsDead => _status == ActivationStatus.Dead;

    /// <summary>What most activations do not need.</summary>
    internal ActivationExtras Extras => _extras ??= new ActivationExtras();

    internal ActivationExtras? ExtrasIfAny => _extras;

    /// <summary>The request served by code that carries no <see cref="CallContext"/>.</summary>
    internal GrainRequest? CurrentRequest => _primary;
}

/// <summary>The life of an activation, in order.</summary>
internal enum ActivationStatus : byte
{
    Created,
    Activating,
    Active,

    /// <summary>Still serving what runs, starting nothing new, about to deactivate.</summary>
    Ending,
    Deactivating,
    Dead,
}
