using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// Calls from processes that know newer members than this one. Routed by what is known here they would go back and forth between silos that
/// disagree, until they are refused; so they wait until the newer members have been read.
/// </summary>
internal sealed partial class ClusterNode
{
    private readonly Lock _parkingGate = new();
    private readonly List<ParkedCall> _parked = [];

    /// <summary>Keeps a call until this version of the members is known here.</summary>
    public void Park(GrainRequest request, GrainId grain, long version)
    {
        bool room;
        lock (_parkingGate)
        {
            room = _parked.Count < Options.MaxPendingCalls;
            if (room) _parked.Add(new ParkedCall(request, grain, version, Runtime.Clock.NowMs + (long)Options.MaxParked.TotalMilliseconds));
        }

        if (!room) request.Refuse(new LimitExceededException($"{Options.MaxPendingCalls} calls wait for the members to be read."));
        Membership.NoticeVersion(version);

        // It may have been read just before the call was put there.
        if (Membership.State.View.Version >= version) Unpark(Runtime.Clock.NowMs);
    }

    private void Unpark(long nowMs)
    {
        List<ParkedCall> ready;
        lock (_parkingGate)
        {
            long known = Membership.State.View.Version;
            ready = _parked.FindAll(call => call.Version <= known || call.UntilMs < nowMs);
            if (ready.Count > 0) _parked.RemoveAll(call => call.Version <= known || call.UntilMs < nowMs);
        }

        foreach (ParkedCall call in ready)
        {
            if (!call.Request.IsClaimed) Runtime.Router.Receive(call.Request, call.Grain);
        }
    }

    private readonly record struct ParkedCall(GrainRequest Request, GrainId Grain, long Version, long UntilMs);
}
