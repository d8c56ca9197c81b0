namespace EsoCore.Runtime.Clustering;

/// <summary>
/// The port to the table that all members share. Each method is one short statement; every one of them, bar heartbeats and the deletion of
/// dead rows, raises the table's version. All throw <see cref="MembershipTableException"/> when the table did not answer in time; the
/// change may then have happened, or may happen yet.
/// </summary>
public interface IMembershipTable
{
    /// <summary>Live members at most; one more is not let in.</summary>
    const int MaxLiveMembers = 256;

    /// <summary>All rows and the version, as of one moment.</summary>
    Task<MembershipSnapshot> Read(CancellationToken cancel);

    /// <summary>
    /// Adds a member, which is <see cref="MemberStatus.Joining"/>. A row that is there stays as it is, so it can be tried again.
    /// </summary>
    Task<InsertOutcome> Insert(Member member, CancellationToken cancel);

    /// <summary>
    /// Raises a live member's counter by one and tells its status, which is how an evicted one learns of it; null if there is no such row.
    /// </summary>
    Task<MemberStatus?> Beat(SiloAddress address, CancellationToken cancel);

    /// <summary>Makes a change if nothing has changed since it was decided on; false if it has.</summary>
    Task<bool> Change(StatusChange change, CancellationToken cancel);

    /// <summary>Deletes some rows that have been dead for so long, by the table's own clock; how many.</summary>
    Task<int> DeleteDead(TimeSpan deadFor, int limit, CancellationToken cancel);
}

/// <summary>The whole table as of one moment.</summary>
/// <param name="Version">Raised by every change of a status and by every insertion; 0 for a table that never had a member.</param>
/// <param name="Members">In any order.</param>
public sealed record MembershipSnapshot(long Version, IReadOnlyList<Member> Members);

/// <summary>How an insertion ended.</summary>
public enum InsertOutcome
{
    /// <summary>The row is there, by this call or an earlier one.</summary>
    Inserted,

    /// <summary>There are <see cref="IMembershipTable.MaxLiveMembers"/> live members.</summary>
    Full,
}

/// <summary>A change of one member's status, by compare-and-set.</summary>
/// <param name="Address">Whose.</param>
/// <param name="From">The status that it was decided on.</param>
/// <param name="To">The status to have.</param>
/// <param name="Version">The table's version that it was decided on.</param>
/// <param name="Heartbeat">
/// The counter that it was decided on: a member whose counter moves in the last moment is not evicted. Null for a change of one's own.
/// </param>
public sealed record StatusChange(SiloAddress Address, MemberStatus From, MemberStatus To, long Version, long? Heartbeat);

/// <summary>The table did not answer. Whether a change happened is not known.</summary>
public sealed class MembershipTableException(string message, Exception? inner = null) : Exception(message, inner);
