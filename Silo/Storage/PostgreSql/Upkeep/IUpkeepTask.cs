using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>One kind of background work, done in small steps, each of which commits by itself.</summary>
internal interface IUpkeepTask
{
    /// <summary>Whether a step would do something.</summary>
    bool HasWork { get; }

    /// <summary>
    /// The number of the advisory lock that one process at a time holds to do it; null for work that several may do at once.
    /// </summary>
    int? Lock { get; }

    /// <summary>Looks again whether something has become due.</summary>
    void Due();

    /// <summary>Drops what is due; another process does it.</summary>
    void LeaveToOthers();

    /// <summary>Does a step of some 10 ms. A step that fails is found again by a later look.</summary>
    Task Step(NpgsqlConnection db, CancellationToken cancel);
}
