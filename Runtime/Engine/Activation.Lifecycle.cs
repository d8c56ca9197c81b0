using EsoCore.Runtime.CodeGeneration;
using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Engine;

/// <summary>How an activation begins and ends. All of it runs in turns of the activation, except where a comment says otherwise.</summary>
internal sealed partial class Activation
{
    public void Deactivate(DeactivationReason deactivationReason)
    {
        // From its own turn it takes effect before the next request. While activating it takes its place in the line, so that the calls
        // that caused the activation are still served by it, and later ones are not.
        if (_status is ActivationStatus.Created or ActivationStatus.Activating) Post(new LeaveRequest(this, deactivationReason));
        else if (ReferenceEquals(SliceSlot.CurrentActivation, this)) End(deactivationReason);
        else Post(new EndItem(deactivationReason));
    }

    internal void DelayDeactivation(TimeSpan delay) =>
        Extras.KeepUntilSeconds = delay <= TimeSpan.Zero
            ? 0
            : Runtime.Clock.NowSeconds + (int)Math.Min(delay.TotalSeconds + 1, int.MaxValue / 2);

    /// <summary>Whether the collector should ask. Called from its thread, so the answer is checked again in a turn.</summary>
    internal bool MayBeCollected(int nowSeconds) =>
        IsIdle && _status == ActivationStatus.Active
        && nowSeconds - Volatile.Read(ref _lastUsedSeconds) >= Class.AgeLimitSeconds
        && nowSeconds >= (_extras?.KeepUntilSeconds ?? 0);

    internal void AskToCollect() => Post(new CollectItem());

    /// <summary>Called by the sweeper from its own thread.</summary>
    internal void CheckLifecycle(long nowMs)
    {
        if (_extras is not { Lifecycle: { } lifecycle } extras || Volatile.Read(ref extras.LifecycleDeadlineMs) >= nowMs) return;
        Volatile.Write(ref extras.LifecycleDeadlineMs, long.MaxValue);
        Post(new LifecycleTimeoutItem(lifecycle));
    }

    private void BeginActivation()
    {
        _status = ActivationStatus.Activating;
        _ = ActivateAsync();
    }

    private async Task ActivateAsync()
    {
        try
        {
            Construct();
            if (Class.HasActivationWork)
            {
                CancellationTokenSource lifecycle = BeginLifecycle(LifecycleRequest.OnActivate, Runtime.Options.ActivationTimeout);
                foreach (ILoadableState state in Extras.States ?? []) await state.LoadAsync(lifecycle.Token);
                await ((IGrainBase)_grain!).OnActivateAsync(lifecycle.Token);
                EndLifecycle();
            }

            // Not if it took too long and the callers were told so.
            if (_status == ActivationStatus.Activating) _status = ActivationStatus.Active;
        }
        catch (Exception exception)
        {
            FailActivation(exception);
        }
    }

    private void Construct()
    {
        Activation? outer = t_underConstruction;
        t_underConstruction = this;
        try
        {
            _grain = Class.Create(this);
        }
        finally
        {
            t_underConstruction = outer;
        }
    }

    /// <summary>Fails those who wait and leaves nothing behind: the next call makes a new activation.</summary>
    private void FailActivation(Exception exception)
    {
        if (_status != ActivationStatus.Activating) return;
        EndLifecycle();
        Runtime.Metrics.Failed();
        Runtime.Log.LogWarning(exception, "Activating {Grain} failed", GrainId);
        Extras.Failure = exception;
        _ = ReleaseAsync(new DeactivationReason(DeactivationReasonCode.ActivationFailed, exception, "Activation failed."));
    }

    /// <summary>Starts nothing new and deactivates when what runs has ended.</summary>
    private void End(DeactivationReason reason)
    {
        if (_status != ActivationStatus.Active) return;
        Extras.Reason = reason;
        _status = ActivationStatus.Ending;
    }

    private void BeginDeactivation()
    {
        _status = ActivationStatus.Deactivating;
        _ = DeactivateAsync(Extras.Reason);
    }

    private async Task DeactivateAsync(DeactivationReason reason)
    {
        try
        {
            StopTimers();
            if (Class.HasDeactivationWork)
            {
                CancellationTokenSource lifecycle = BeginLifecycle(LifecycleRequest.OnDeactivate, Runtime.Options.DeactivationTimeout);
                await ((IGrainBase)_grain!).OnDeactivateAsync(reason, lifecycle.Token);
            }
        }
        catch (Exception exception)
        {
            Runtime.Log.LogError(exception, "OnDeactivateAsync of {Grain} failed", GrainId);
        }

        if (_status != ActivationStatus.Deactivating) return;
        EndLifecycle();
        await ReleaseAsync(reason);
    }

    private async Task ReleaseAsync(DeactivationReason reason)
    {
        StopTimers();
        object? grain = _grain;
        _grain = null;

        // First out of the catalog, then dead: whoever finds it dead finds its successor in the catalog.
        Runtime.Catalog.Remove(this, reason.ReasonCode);
        _status = ActivationStatus.Dead;
        try
        {
            if (grain is IAsyncDisposable disposable) await disposable.DisposeAsync();
            else (grain as IDisposable)?.Dispose();
            if (_extras?.Scope is { } scope) await scope.DisposeAsync();
        }
        catch (Exception exception)
        {
            Runtime.Log.LogError(exception, "Disposing of {Grain} failed", GrainId);
        }
    }

    /// <summary>Sends a request that came too late to where it belongs now.</summary>
    private void Forward(GrainRequest request)
    {
        if (request.IsClaimed || request.DiesWithActivation) return;
        if (_extras?.Failure is { } failure) request.Abort(failure);
        else Runtime.Router.Resend(request, GrainId);
    }

    private CancellationTokenSource BeginLifecycle(GrainMethod method, TimeSpan timeout)
    {
        // Named as a request, so that calls made from here carry a chain and circles through them are seen.
        _primary = new LifecycleRequest(method, this);
        Volatile.Write(ref Extras.LifecycleDeadlineMs, Runtime.Clock.NowMs + (long)timeout.TotalMilliseconds);
        return Extras.Lifecycle = new CancellationTokenSource();
    }

    private void EndLifecycle()
    {
        if (_extras is null) return;
        if (_primary is LifecycleRequest request)
        {
            request.Finished = true;
            _primary = null;
        }

        _extras.Lifecycle = null;
    }

    private void OnLifecycleTimeout(CancellationTokenSource lifecycle)
    {
        if (_extras is null || !ReferenceEquals(_extras.Lifecycle, lifecycle)) return;
        RunGuarded(lifecycle.Cancel);
        if (!ReferenceEquals(_extras.Lifecycle, lifecycle)) return;
        if (_status == ActivationStatus.Activating)
        {
            FailActivation(new TimeoutException($"{GrainId}.OnActivateAsync did not end within {Runtime.Options.ActivationTimeout}."));
            return;
        }

        TimeSpan timeout = Runtime.Options.DeactivationTimeout;
        Runtime.Log.LogError("OnDeactivateAsync of {Grain} did not end within {Timeout}; the activation is dropped", GrainId, timeout);
        EndLifecycle();
        _ = ReleaseAsync(Extras.Reason);
    }

    private sealed class EndItem(DeactivationReason reason) : WorkItem
    {
        internal override void Run(Activation activation) => activation.End(reason);
    }

    /// <summary>Ends the activation when the requests before it have been served; in the line like a call that nobody waits for.</summary>
    private sealed class LeaveRequest : GrainRequest<Nothing>
    {
        private static readonly GrainMethod s_method =
            new(nameof(IGrainBase), nameof(Deactivate), nameof(Deactivate), GrainMethodOptions.OneWay, null, []);

        private readonly DeactivationReason _reason;

        public LeaveRequest(Activation target, DeactivationReason reason)
        {
            _reason = reason;
            Target = target;
            DeadlineMs = long.MaxValue;
        }

        public override GrainMethod Method => s_method;

        internal override bool CountsAsUse => false;

        internal override bool DiesWithActivation => true;

        internal override bool Start(object grain)
        {
            Target!.End(_reason);
            return Succeed(default);
        }
    }

    private sealed class CollectItem : WorkItem
    {
        internal override void Run(Activation activation)
        {
            int now = activation.Runtime.Clock.NowSeconds;
            bool idle = activation.IsQuiet() && now - activation._lastUsedSeconds >= activation.Class.AgeLimitSeconds
                && now >= (activation._extras?.KeepUntilSeconds ?? 0);
            if (idle) activation.End(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "The grain was idle."));
        }
    }

    private sealed class LifecycleTimeoutItem(CancellationTokenSource lifecycle) : WorkItem
    {
        internal override void Run(Activation activation) => activation.OnLifecycleTimeout(lifecycle);
    }
}

/// <summary>Stands for OnActivateAsync or OnDeactivateAsync as the origin of calls.</summary>
internal sealed class LifecycleRequest : GrainRequest<Nothing>
{
    public static readonly GrainMethod OnActivate = MethodOf(nameof(IGrainBase.OnActivateAsync));
    public static readonly GrainMethod OnDeactivate = MethodOf(nameof(IGrainBase.OnDeactivateAsync));

    public LifecycleRequest(GrainMethod method, Activation target)
    {
        Method = method;
        Target = target;
        DeadlineMs = long.MaxValue;
    }

    public override GrainMethod Method { get; }

    internal override bool Start(object grain) => throw new NotSupportedException();

    private static GrainMethod MethodOf(string name) => new(nameof(IGrainBase), name, name, GrainMethodOptions.None, null, []);
}
