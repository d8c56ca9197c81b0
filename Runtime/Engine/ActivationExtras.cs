using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Runtime.Engine;

/// <summary>What only some activations have: a scope, states, timers, stream handlers, a wish to stay.</summary>
internal sealed class ActivationExtras
{
    public AsyncServiceScope? Scope;
    public List<ILoadableState>? States;
    public HashSet<GrainTimer>? Timers;
    public Dictionary<(string Provider, StreamId Stream), StreamHandler>? StreamHandlers;

    /// <summary>Why the activation could not begin; the answer to those who wait.</summary>
    public Exception? Failure;

    /// <summary>Why the activation ends.</summary>
    public DeactivationReason Reason;

    /// <summary>Not collected before this, in seconds of the runtime's clock.</summary>
    public int KeepUntilSeconds;

    /// <summary>The token of OnActivateAsync or OnDeactivateAsync while it runs, and when it is cancelled.</summary>
    public volatile CancellationTokenSource? Lifecycle;
    public long LifecycleDeadlineMs;
}
