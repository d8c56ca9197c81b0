namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Where tests step in. Each is called on the writer thread with the devices of the group at hand, and may block (nothing else is written
/// meanwhile; reads go on) or throw.
/// </summary>
internal sealed class StorageFaults
{
    /// <summary>Before a group's transaction begins. Throwing means that the storage is away.</summary>
    public Action<IReadOnlyList<Guid>>? BeforeGroup { get; set; }

    /// <summary>Before COMMIT. Throwing means an unknown outcome that did not happen.</summary>
    public Action<IReadOnlyList<Guid>>? BeforeCommit { get; set; }

    /// <summary>After COMMIT. Throwing means an unknown outcome that did happen.</summary>
    public Action<IReadOnlyList<Guid>>? AfterCommit { get; set; }

    /// <summary>Before a read runs, on its thread. Throwing means that the storage is away.</summary>
    public Action? BeforeRead { get; set; }
}
