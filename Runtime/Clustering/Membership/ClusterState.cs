namespace EsoCore.Runtime.Clustering;

/// <summary>How this process stands in the cluster.</summary>
public enum SiloStanding
{
    /// <summary>It holds no grains and is no member: an api process, which only watches.</summary>
    Outside,

    /// <summary>It is not yet an owner of grains.</summary>
    Joining,

    /// <summary>It takes the calls of the grains that it owns. So it stays while the database is away.</summary>
    Serving,

    /// <summary>
    /// It stood still for so long that the others may have evicted it, and serves nothing until the table says that they have not.
    /// </summary>
    Unconfirmed,

    /// <summary>It is shutting down as planned: new calls go to the new owners, what it has begun is finished.</summary>
    Leaving,

    /// <summary>It has left as planned. This is the end.</summary>
    Left,

    /// <summary>The others have taken it for dead. This is the end: the process starts anew, under another generation.</summary>
    Evicted,
}

/// <summary>All that calls are routed by, as of one moment. It never changes; what is newer is another object.</summary>
/// <param name="View">The members.</param>
/// <param name="Self">This process's address; null for one that only watches.</param>
/// <param name="Standing">How this process stands.</param>
/// <param name="HasDatabase">Whether the table answered the last time that it was asked. While it does not, nothing else changes.</param>
public sealed record ClusterState(MembershipView View, SiloAddress? Self, SiloStanding Standing, bool HasDatabase)
{
    /// <summary>Whether this process takes calls for the grains that it owns.</summary>
    public bool IsServing => Standing == SiloStanding.Serving;

    /// <summary>Whether this process's part in the cluster is over.</summary>
    public bool IsOver => Standing is SiloStanding.Left or SiloStanding.Evicted;
}

/// <summary>What the engine needs to know of the cluster, in a silo as in a process that only watches. Safe for any thread.</summary>
public interface IMembership
{
    /// <summary>How things stand. Reading it costs a load.</summary>
    ClusterState State { get; }

    /// <summary>
    /// Waits until the state is another than <paramref name="known"/>, and returns it. States in between may be passed over, so whoever
    /// waits looks at what is, not at what happened.
    /// </summary>
    ValueTask<ClusterState> WaitForChange(ClusterState known, CancellationToken cancel);

    /// <summary>Somebody has a view of this version: reads the table at once if that is newer than the view here.</summary>
    void NoticeVersion(long version);

    /// <summary>
    /// A connection to a silo was refused or reset, as when its process died. Shortens the silence after which it is evicted; a silo
    /// whose counter goes on is never evicted by it.
    /// </summary>
    void ReportUnreachable(SiloAddress silo);
}
