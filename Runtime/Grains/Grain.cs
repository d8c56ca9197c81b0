using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime;

/// <summary>What the extension methods for grains need of a grain. Grains derive from <see cref="Grain"/>.</summary>
public interface IGrainBase
{
    /// <summary>The activation this object lives in.</summary>
    IGrainContext GrainContext { get; }

    /// <summary>Runs before the first request.</summary>
    Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

    /// <summary>Runs after the last request.</summary>
    Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
}

/// <summary>One activation of a grain, seen from inside.</summary>
public interface IGrainContext
{
    /// <summary>The identity of the grain.</summary>
    GrainId GrainId { get; }

    /// <summary>The grain object, or null before its constructor has returned and after deactivation.</summary>
    object? GrainInstance { get; }

    /// <summary>Services as seen by this activation.</summary>
    IServiceProvider ActivationServices { get; }

    /// <summary>Deactivates once the running requests have ended; requests still waiting go to a fresh activation.</summary>
    void Deactivate(DeactivationReason deactivationReason);
}

/// <summary>
/// The base class of grains. A grain has one activation at a time, made on the first call and collected when idle. Its code runs one turn
/// at a time, and
/// unless it says otherwise one request runs to completion, awaits included, before the next begins. Awaits resume on the grain's own
/// turns, so a grain uses neither
/// locks nor <c>Task.Run</c> nor <c>ConfigureAwait(false)</c>.
/// </summary>
public abstract class Grain : IGrainBase, IAddressable
{
    private readonly Activation _activation;

    /// <summary>Called by the engine when it makes an activation.</summary>
    /// <exception cref="InvalidOperationException">The object is made by someone else.</exception>
    protected Grain() => _activation = Activation.UnderConstruction
        ?? throw new InvalidOperationException(
            $"{GetType()} is a grain: only the engine makes one. Call it through IGrainFactory.GetGrain.");

    /// <inheritdoc/>
    public IGrainContext GrainContext => _activation;

    /// <summary>Makes references to other grains.</summary>
    protected IGrainFactory GrainFactory => _activation.Runtime;

    /// <summary>
    /// The services of the process; scoped ones live as long as the activation if the grain's constructor asks for any, else there is no
    /// scope.
    /// </summary>
    protected internal IServiceProvider ServiceProvider => _activation.ActivationServices;

    /// <summary>The grain's identity as text.</summary>
    public string IdentityString => _activation.GrainId.ToString();

    /// <summary>
    /// Runs before the first request, after persistent states were read. If it throws, the waiting callers get the exception and the next
    /// call starts anew.
    /// </summary>
    /// <param name="cancellationToken">Cancelled after <see cref="RuntimeOptions.ActivationTimeout"/>.</param>
    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs after the last request. It is not run when a process dies, so nothing may depend on it.</summary>
    /// <param name="reason">Why the grain is deactivated.</param>
    /// <param name="cancellationToken">Cancelled after <see cref="RuntimeOptions.DeactivationTimeout"/>, when the activation is
    /// dropped.</param>
    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Deactivates the grain once the running requests have ended. Requests still waiting go to a fresh activation.</summary>
    protected void DeactivateOnIdle() =>
        _activation.Deactivate(
            new DeactivationReason(DeactivationReasonCode.ApplicationRequested, $"{nameof(DeactivateOnIdle)} was called."));

    /// <summary>Keeps idle collection away for at least this long; zero or less takes an earlier wish back.</summary>
    protected void DelayDeactivation(TimeSpan timeSpan) => _activation.DelayDeactivation(timeSpan);
}
