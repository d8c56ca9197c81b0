namespace EsoCore.Runtime.Clustering;

/// <summary>What is to be done with a call.</summary>
public enum RouteKind
{
    /// <summary>Take it here.</summary>
    Local,

    /// <summary>Send it to <see cref="Route.Target"/>.</summary>
    Remote,

    /// <summary>Fail it, for <see cref="Route.Reason"/>. It has not run, and may be tried again after a pause.</summary>
    Refuse,
}

/// <summary>Why a call is refused. None of them means that it has run.</summary>
public enum RefusalReason
{
    /// <summary>It is not refused.</summary>
    None,

    /// <summary>There is no silo to send it to.</summary>
    NoActiveSilo,

    /// <summary>It was forwarded <see cref="Routing.MaxForwards"/> times: the views of the silos have not yet become one.</summary>
    TooManyForwards,

    /// <summary>The grain is this silo's, which is not sure of its place after it stood still.</summary>
    Unconfirmed,

    /// <summary>The grain is this silo's in a view that is about to change: it has not joined yet, or is leaving.</summary>
    NotOwner,

    /// <summary>This silo has left or was evicted.</summary>
    Over,
}

/// <summary>Where a call goes.</summary>
/// <param name="Kind">What is to be done with it.</param>
/// <param name="Target">Where it is to be sent; null if it is not to be sent.</param>
/// <param name="Reason">Why it is refused.</param>
public readonly record struct Route(RouteKind Kind, SiloAddress? Target, RefusalReason Reason)
{
    internal static readonly Route Local = new(RouteKind.Local, null, RefusalReason.None);

    internal static Route To(SiloAddress target) => new(RouteKind.Remote, target, RefusalReason.None);

    internal static Route Refuse(RefusalReason reason) => new(RouteKind.Refuse, null, reason);
}

/// <summary>
/// Decides where calls go and which activations stay. Two silos whose views differ may both take calls of one grain; that costs time and
/// never data, because every write is a compare-and-set in the database.
/// </summary>
public static class Routing
{
    /// <summary>How often a call is forwarded by silos that are not the owner. The first sending of a call is no forwarding.</summary>
    public const int MaxForwards = 2;

    /// <summary>Where a call of a grain goes, seen from this process.</summary>
    /// <param name="state">How things stand here.</param>
    /// <param name="grain">The grain that is called.</param>
    /// <param name="forwards">
    /// How often the call was forwarded before it came here; null for a call that begins here. If the answer is
    /// <see cref="RouteKind.Remote"/>, it leaves with 0 for a call that begins here and with one more than it came with otherwise.
    /// </param>
    public static Route Decide(ClusterState state, GrainId grain, int? forwards)
    {
        if (state.IsOver) return Route.Refuse(RefusalReason.Over);
        SiloAddress? owner = state.View.OwnerOf(grain);

        // The last silo has nobody to hand over to, and its grains still call each other while they finish.
        if (owner is null)
            return state.Standing == SiloStanding.Leaving ? Route.Local : Route.Refuse(RefusalReason.NoActiveSilo);
        if (!owner.Equals(state.Self))
            return forwards >= MaxForwards ? Route.Refuse(RefusalReason.TooManyForwards) : Route.To(owner);
        return state.Standing switch
        {
            SiloStanding.Serving => Route.Local,
            SiloStanding.Unconfirmed => Route.Refuse(RefusalReason.Unconfirmed),
            _ => Route.Refuse(RefusalReason.NotOwner),
        };
    }

    /// <summary>
    /// Whether this silo is to give up its activation of a grain: another silo owns it by now, or this one is leaving or was evicted. An
    /// activation that is given up finishes what it has begun and been sent; calls that come later go to the owner.
    /// </summary>
    public static bool ShouldYield(ClusterState state, GrainId grain)
    {
        if (state.IsOver || state.Standing == SiloStanding.Leaving) return true;
        return state.View.OwnerOf(grain) is { } owner && !owner.Equals(state.Self);
    }
}
