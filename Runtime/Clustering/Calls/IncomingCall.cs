using EsoCore.Runtime.CodeGeneration;
using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// Where a call from another process came from. It stands in the chain of callers in the place of those requests that are not here, and
/// takes the answer back.
/// </summary>
internal sealed class IncomingCall : GrainRequest<Nothing>
{
    private static readonly GrainMethod s_method = new(nameof(IncomingCall), "?", "?", GrainMethodOptions.None, null, []);

    private readonly InboundPeer _from;
    private readonly ulong _correlation;

    public IncomingCall(InboundPeer from, ulong correlation, int forwards, ChainLink[] chain)
    {
        (_from, _correlation) = (from, correlation);
        (Forwards, Chain) = (forwards, chain);
    }

    /// <summary>How often the call was forwarded before it came here.</summary>
    public int Forwards { get; }

    /// <summary>The requests that led to it, innermost first.</summary>
    public ChainLink[] Chain { get; }

    public override GrainMethod Method => s_method;

    /// <summary>Sends the outcome that is in the request's fields.</summary>
    public void Answer(GrainRequest request) => _from.Answer(_correlation, request);

    /// <summary>Whether one of the requests is being served by this activation and will not end before the call does.</summary>
    internal override bool LeadsTo(Activation target)
    {
        foreach (ChainLink link in Chain)
        {
            if (link.Grain.Equals(target.GrainId) && target.IsServing(link.Mark)) return true;
            if (link.IsOneWay) return false;
        }

        return false;
    }

    internal override bool Start(object grain) => throw new NotSupportedException();

    private protected override string Describe() => string.Join(" -> ", Chain.Reverse());
}
