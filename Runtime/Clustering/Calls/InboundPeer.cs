using System.Collections.Concurrent;
using System.Runtime.Serialization;
using EsoCore.Runtime.CodeGeneration;
using EsoCore.Runtime.Serialization;
using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Clustering;

/// <summary>A process that connected to this one: its calls come in, their answers go out.</summary>
internal sealed class InboundPeer(ClusterNode node, ISiloLink link) : ILinkHandler
{
    /// <summary>The calls whose methods take a token, for their cancellation.</summary>
    private readonly ConcurrentDictionary<ulong, GrainRequest> _cancellable = new();
    private readonly TaskCompletionSource _goodbyeSeen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _unanswered;
    private volatile bool _leaving;
    private volatile bool _closed;

    public void OnFrame(ReadOnlyMemory<byte> frame, bool owned)
    {
        switch (CallFrames.KindOf(frame))
        {
            case FrameKind.Request: OnRequest(frame, owned); break;
            case FrameKind.Cancel: OnCancel(CallFrames.CorrelationOf(frame)); break;
            case FrameKind.GoodbyeSeen: _goodbyeSeen.TrySetResult(); CheckAnswered(); break;
            default: break; // A newer program may know kinds that this one does not; what must be understood comes with a new format.
        }
    }

    public void OnClosed(Exception? why)
    {
        _closed = true;
        _ended.TrySetResult();
        _goodbyeSeen.TrySetResult();
        _answered.TrySetResult();
        node.Forget(this);

        // Nobody waits for these any more.
        foreach (GrainRequest request in _cancellable.Values) Stop(request);
        _cancellable.Clear();
    }

    /// <summary>Asks it to send no more calls; ends when it has stopped and has all its answers.</summary>
    public Task SayGoodbyeAsync(long version)
    {
        _leaving = true;
        SendSmall(FrameKind.Goodbye, (ulong)version);
        return Task.WhenAll(_goodbyeSeen.Task, _answered.Task);
    }

    /// <summary>Lets go of a silo that was taken for dead: it may only be standing still, and would be waited for.</summary>
    public void CloseIfDead(MembershipView view)
    {
        if (SiloAddress.TryParse(link.Peer) is { } silo && view.Find(silo) is { IsLive: false })
            link.Close(new LinkException("The silo is no longer a member of the cluster."));
    }

    /// <summary>Closes when all answers are sent; ends when the other side has closed too.</summary>
    public Task CloseWhenSentAsync()
    {
        link.CloseWhenSent();
        return _ended.Task;
    }

    public void Answer(ulong correlation, GrainRequest request)
    {
        if (request.Cancellation is not null) _cancellable.TryRemove(correlation, out _);
        int left = Interlocked.Decrement(ref _unanswered);
        if (correlation != 0 && !_closed) Send(correlation, request, alone: left <= 1);
        if (_leaving) CheckAnswered();
    }

    private void OnRequest(ReadOnlyMemory<byte> frame, bool owned)
    {
        RequestHeader header = default;
        GrainRequest request;
        try
        {
            request = CallFrames.ReadRequest(frame, owned, node.Runtime, out header);
        }
        catch (Exception exception)
        {
            // The frames are whole, so the link goes on: one message that cannot be read is one call that fails.
            node.Runtime.Log.LogWarning(exception, "A call from {Peer} could not be read", link.Peer);
            ulong correlation = CallFrames.CorrelationOf(frame);
            if (correlation != 0) SendFailure(correlation, AsSerialization(exception));
            return;
        }

        Interlocked.Increment(ref _unanswered);
        if (request.Cancellation is not null) _cancellable[header.Correlation] = request;
        request.SetIncoming(new IncomingCall(this, header.Correlation, header.Forwards, header.Chain), header.Context);
        request.DeadlineMs = node.Runtime.Clock.Advance() + header.TimeoutMs;
        if (header.Version > node.Membership.State.View.Version) node.Park(request, header.Grain, header.Version);
        else node.Runtime.Router.Receive(request, header.Grain);
    }

    private void OnCancel(ulong correlation)
    {
        if (_cancellable.TryRemove(correlation, out GrainRequest? request)) Stop(request);
    }

    private static void Stop(GrainRequest request) =>
        request.Abort(new OperationCanceledException("The caller has given up."), stopMethod: true);

    private void Send(ulong correlation, GrainRequest request, bool alone)
    {
        MessageWriter writer = MessageWriter.Start();
        try
        {
            CallFrames.WriteResponse(ref writer, correlation, request);
            if (link.TrySend(writer.Written, alone)) return;
            SendFailure(correlation, new LimitExceededException(
                $"The answer could not be sent to {link.Peer}: too many bytes wait "
                + $"({nameof(ClusterOptions)}.{nameof(ClusterOptions.MaxQueuedBytes)})."));
        }
        catch (Exception exception)
        {
            node.Runtime.Log.LogError(exception, "The answer of {Method} cannot cross", request.Method.Name);
            SendFailure(correlation, AsSerialization(exception));
        }
        finally
        {
            writer.Dispose();
        }
    }

    private void SendFailure(ulong correlation, Exception failure)
    {
        MessageWriter writer = MessageWriter.Start();
        CallFrames.WriteFailure(ref writer, correlation, failure);
        link.TrySend(writer.Written, alone: false, force: true);
        writer.Dispose();
    }

    private void SendSmall(FrameKind kind, ulong number)
    {
        MessageWriter writer = MessageWriter.Start();
        CallFrames.WriteHeader(ref writer, kind, number);
        link.TrySend(writer.Written, alone: true, force: true);
        writer.Dispose();
    }

    private void CheckAnswered()
    {
        if (_goodbyeSeen.Task.IsCompleted && Volatile.Read(ref _unanswered) <= 0) _answered.TrySetResult();
    }

    private static SerializationException AsSerialization(Exception exception) =>
        exception as SerializationException ?? new SerializationException(exception.Message, exception);
}
