using System.Runtime.Serialization;
using EsoCore.Runtime.CodeGeneration;
using EsoCore.Runtime.Serialization;
using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// A silo that this process calls: one link, made when it is first needed and made again, with growing pauses, when it is lost; and the
/// calls that wait for answers.
/// </summary>
internal sealed class Peer(ClusterNode node, SiloAddress address) : ILinkHandler
{
    /// <summary>Pauses between attempts begin with the longest divided by this.</summary>
    private const int BackoffSteps = 16;

    /// <summary>How much longer a caller waits than the callee may take.</summary>
    private const int AnswerAllowanceMs = 2 * Engine.Sweeper.TickMs;

    private readonly Lock _gate = new();
    private readonly PendingCalls _pending = new();
    private readonly List<(GrainRequest Request, GrainId Grain, int Forwards)> _waiting = [];
    private ISiloLink? _link;
    private bool _connecting;
    private bool _retired;
    private TimeSpan _backoff;
    private long _notBeforeMs;
    private RemoteRoute? _route;
    private bool _lostEarly;

    public SiloAddress Address => address;

    /// <summary>Whether there is a link to it.</summary>
    public bool IsLinked
    {
        get
        {
            lock (_gate) return _link is not null;
        }
    }

    /// <summary>Why the last attempt to connect came to nothing; null if it did not.</summary>
    public string? LinkFault { get; private set; }

    /// <summary>Calls that wait for an answer or for the link.</summary>
    public int PendingCount
    {
        get
        {
            lock (_gate) return _pending.Count + _waiting.Count;
        }
    }

    /// <summary>The route to this silo under a state; the same object each time, so that references share it.</summary>
    public RemoteRoute RouteIn(ClusterState state)
    {
        RemoteRoute? known = _route;
        return known is not null && ReferenceEquals(known.State, state) ? known : _route = new RemoteRoute(this, state);
    }

    /// <summary>Sends a call, or fails it. False if this silo is to be sent nothing more: another one is to be found.</summary>
    public bool TrySend(GrainRequest request, GrainId grain, int forwards)
    {
        ISiloLink link;
        ulong correlation = 0;
        bool alone;
        lock (_gate)
        {
            if (_retired) return false;
            if (_link is null)
            {
                Await(request, grain, forwards);
                return true;
            }

            link = _link;
            if (_pending.Count >= node.Options.MaxPendingCalls)
            {
                request.Refuse(new LimitExceededException(
                    $"{node.Options.MaxPendingCalls} calls wait for {address} "
                    + $"({nameof(ClusterOptions)}.{nameof(ClusterOptions.MaxPendingCalls)})."));
                return true;
            }

            alone = _pending.Count == 0;
            if (!request.IsOneWay) correlation = _pending.Add(request, grain);
        }

        Send(link, correlation, request, grain, forwards, alone);
        return true;
    }

    /// <summary>Begins to connect, unless there is a link, one is being made, or the last attempt is too short a time ago.</summary>
    public void Link()
    {
        lock (_gate)
        {
            if (_retired || _connecting || _link is not null || node.Runtime.Clock.Advance() < _notBeforeMs) return;
            _connecting = true;
        }

        _ = Detached.Run(ConnectAsync);
    }

    /// <summary>Tells the silo that the caller no longer waits.</summary>
    public void Cancel(ulong correlation)
    {
        ISiloLink? link;
        lock (_gate) link = _link;
        if (link is null) return;
        MessageWriter writer = MessageWriter.Start();
        CallFrames.WriteHeader(ref writer, FrameKind.Cancel, correlation);
        link.TrySend(writer.Written, alone: true, force: true);
        writer.Dispose();
    }

    public void Sweep(long nowMs)
    {
        List<PendingCall> overdue;
        lock (_gate)
        {
            overdue = _pending.Sweep(nowMs);
            overdue.AddRange(
                _waiting.Where(call => call.Request.DeadlineMs < nowMs).Select(call => new PendingCall(call.Request, call.Grain)));
            _waiting.RemoveAll(call => call.Request.DeadlineMs < nowMs || call.Request.IsClaimed);
        }

        foreach (PendingCall call in overdue) node.Runtime.Sweeper.TimeOut(call.Request, address, call.Grain);
    }

    /// <summary>Fails all calls to it and lets it go: it is dead, or this process ends.</summary>
    public void End(string why)
    {
        ISiloLink? link;
        lock (_gate)
        {
            _retired = true;
            link = _link;
        }

        var reason = new LinkException(why);
        if (link is not null) link.Close(reason);
        else FailAll(reason);
    }

    public void OnFrame(ReadOnlyMemory<byte> frame, bool owned)
    {
        switch (CallFrames.KindOf(frame))
        {
            case FrameKind.Response: OnResponse(frame, owned); break;
            case FrameKind.Goodbye: _ = Detached.Run(() => RetireAsync((long)CallFrames.CorrelationOf(frame))); break;
            default: break; // See InboundPeer.
        }
    }

    public void OnClosed(Exception? why)
    {
        bool expected;
        lock (_gate)
        {
            // It may be lost before the attempt to connect has told of it.
            _lostEarly = _link is null;
            _link = null;
            expected = _retired;
        }

        if (!expected)
        {
            node.Runtime.Log.LogWarning("The connection to {Silo} is lost: {Reason}", address, why?.Message ?? "it was closed");
            node.Membership.ReportUnreachable(address);
        }

        FailAll(why);
    }

    private void Send(ISiloLink link, ulong correlation, GrainRequest request, GrainId grain, int forwards, bool alone)
    {
        MessageWriter writer = MessageWriter.Start();
        try
        {
            long now = node.Runtime.Clock.Advance();
            int timeoutMs = (int)Math.Clamp(request.DeadlineMs - now, 1, int.MaxValue);

            // The answer of a silo that times the call out itself tells more, so it is waited for a little longer.
            request.DeadlineMs = Math.Min(request.DeadlineMs, long.MaxValue / 2) + AnswerAllowanceMs;
            CallFrames.WriteRequest(ref writer, correlation, request, grain, timeoutMs, forwards, node.Membership.State.View.Version);
            request.Cancellation?.SentTo(this, correlation);
            if (link.TrySend(writer.Written, alone))
            {
                if (correlation == 0) request.Settle();
                else if (request.Cancellation is not null && request.IsClaimed) Cancel(correlation);
                return;
            }

            Forget(correlation);
            request.Abort(new LimitExceededException(
                $"Too many bytes wait to be sent to {address} ({nameof(ClusterOptions)}.{nameof(ClusterOptions.MaxQueuedBytes)})."));
        }
        catch (Exception exception)
        {
            Forget(correlation);
            request.Abort(exception as SerializationException ?? new SerializationException(exception.Message, exception));
        }
        finally
        {
            writer.Dispose();
        }
    }

    private void Forget(ulong correlation)
    {
        if (correlation == 0) return;
        lock (_gate) _pending.Take(correlation);
    }

    private void OnResponse(ReadOnlyMemory<byte> frame, bool owned)
    {
        GrainRequest? request;
        lock (_gate) request = _pending.Take(CallFrames.CorrelationOf(frame));
        if (request is null || request.IsClaimed) return;
        try
        {
            Exception? failure = CallFrames.ReadResponse(frame, owned, node.Runtime, request);
            request.Conclude(failure);
        }
        catch (Exception exception)
        {
            request.Conclude(exception as SerializationException ?? new SerializationException(exception.Message, exception));
        }
    }

    /// <summary>The silo leaves: once this process knows who has its grains now, it is sent nothing more, and told so.</summary>
    private async Task RetireAsync(long version)
    {
        ClusterState state = node.Membership.State;
        node.Membership.NoticeVersion(version);
        while (state.View.Version < version && !state.IsOver) state = await node.Membership.WaitForChange(state, node.Stopped);
        ISiloLink? link;
        lock (_gate)
        {
            _retired = true;
            link = _link;
        }

        if (link is null) return;
        MessageWriter writer = MessageWriter.Start();
        CallFrames.WriteHeader(ref writer, FrameKind.GoodbyeSeen, 0);
        link.TrySend(writer.Written, alone: true, force: true);
        writer.Dispose();
    }

    /// <summary>Keeps a call until the link is there, within the lock.</summary>
    private void Await(GrainRequest request, GrainId grain, int forwards)
    {
        if (!_connecting && node.Runtime.Clock.Advance() < _notBeforeMs)
        {
            request.Refuse(new SiloUnavailableException($"{address} cannot be reached; the call of {grain} was not sent."));
            return;
        }

        if (_waiting.Count >= node.Options.MaxPendingCalls)
        {
            request.Refuse(new LimitExceededException($"{_waiting.Count} calls wait for a connection to {address}."));
            return;
        }

        _waiting.Add((request, grain, forwards));
        if (_connecting) return;
        _connecting = true;
        _ = Detached.Run(ConnectAsync);
    }

    private async Task ConnectAsync()
    {
        try
        {
            ISiloLink link = await node.Transport.ConnectAsync(address, this, node.Stopped);
            Connected(link);
        }
        catch (Exception exception)
        {
            List<(GrainRequest Request, GrainId Grain, int Forwards)> waiting;
            lock (_gate)
            {
                _connecting = false;
                TimeSpan most = node.Options.MaxBackoff;
                _backoff = _backoff == TimeSpan.Zero ? most / BackoffSteps : TimeSpan.FromTicks(Math.Min(2 * _backoff.Ticks, most.Ticks));
                _notBeforeMs = node.Runtime.Clock.Advance() + (long)_backoff.TotalMilliseconds;
                waiting = [.. _waiting];
                _waiting.Clear();
            }

            LinkFault = exception.Message;
            node.Runtime.Log.LogWarning("No connection to {Silo}: {Reason}", address, exception.Message);
            node.Membership.ReportUnreachable(address);
            // One that has left in the meantime need not be reached: another has the grain.
            bool left = node.Membership.State.View.Find(address) is not { Status: MemberStatus.Active };
            foreach ((GrainRequest request, GrainId grain, int forwards) in waiting)
            {
                if (left) node.Runtime.Router.SendAgain(request, grain, null, forwards);
                else request.Abort(new SiloUnavailableException(
                    $"{address} cannot be reached; the call of {grain} was not sent: {exception.Message}"));
            }
        }
    }

    private void Connected(ISiloLink link)
    {
        List<(GrainRequest Request, GrainId Grain, int Forwards)> waiting;
        bool retired;
        lock (_gate)
        {
            _connecting = false;
            _backoff = TimeSpan.Zero;
            retired = _retired || _lostEarly;
            _lostEarly = false;
            if (!retired) _link = link;
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        LinkFault = null;
        if (retired) link.Close(new LinkException("The silo is gone."));
        else node.OnLinked(address);
        foreach ((GrainRequest request, GrainId grain, int forwards) in waiting)
        {
            if (!request.IsClaimed) node.Runtime.Router.SendAgain(request, grain, this, forwards);
        }
    }

    private void FailAll(Exception? why)
    {
        List<PendingCall> lost;
        List<(GrainRequest Request, GrainId Grain, int Forwards)> waiting;
        lock (_gate)
        {
            lost = _pending.TakeAll();
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        foreach ((GrainRequest request, GrainId grain) in lost)
        {
            request.Abort(new CallOutcomeUnknownException(
                $"{address} was lost before it answered {request.DescribeChain(grain)}: {why?.Message ?? "the connection was closed"}"));
        }

        foreach ((GrainRequest request, GrainId grain, int forwards) in waiting)
            node.Runtime.Router.SendAgain(request, grain, null, forwards);
    }
}
