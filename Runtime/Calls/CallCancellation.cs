using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime.CodeGeneration;

/// <summary>
/// The token a grain method sees. It is the callee's own, not the caller's: it is also cancelled when the response timeout passes, its
/// callbacks run in turns of
/// the callee, and it could as well stand for a caller in another process.
/// </summary>
/// <param name="callerToken">The token the caller passed.</param>
public sealed class CallCancellation(CancellationToken callerToken) : CancellationTokenSource
{
    private CancellationTokenRegistration _registration;
    private ulong _correlation;
    private volatile Peer? _peer;

    /// <summary>Ends the call when the caller's token is cancelled. Called once, before the request is sent.</summary>
    internal void Link(GrainRequest request)
    {
        if (!callerToken.CanBeCanceled) return;
        _registration = callerToken.UnsafeRegister(
            static (request, token) => ((GrainRequest)request!).Abort(new OperationCanceledException(token), stopMethod: true), request);
    }

    /// <summary>Remembers that the method runs elsewhere. Called when the request is sent there.</summary>
    internal void SentTo(Peer peer, ulong correlation) => (_correlation, _peer) = (correlation, peer);

    /// <summary>Asks the method to stop, wherever it runs.</summary>
    internal void StopMethod(GrainRequest request)
    {
        if (_peer is { } peer) peer.Cancel(_correlation);
        else request.Target?.Post(new CancelItem(this));
    }

    // Unregister, not Dispose: Dispose waits for a callback under way, and the callback itself may be what claimed the request.
    internal void Unlink() => _registration.Unregister();
}

/// <summary>Cancels a method's token as a turn of the grain that runs it.</summary>
internal sealed class CancelItem(CallCancellation cancellation) : WorkItem
{
    internal override void Run(Activation activation) => activation.RunGuarded(cancellation.Cancel);
}
