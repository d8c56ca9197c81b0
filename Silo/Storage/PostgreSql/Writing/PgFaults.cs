namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Where tests step in. Each may block or throw.</summary>
internal sealed class PgFaults
{
    /// <summary>Before a group of commits is sent, with its devices. Throwing means an unknown outcome that did not happen.</summary>
    public Action<IReadOnlyList<Guid>>? BeforeCommit { get; set; }

    /// <summary>After a group was committed. Throwing means an unknown outcome that did happen.</summary>
    public Action<IReadOnlyList<Guid>>? AfterCommit { get; set; }

    /// <summary>Before a read is sent. Throwing means that the storage is away.</summary>
    public Action? BeforeRead { get; set; }

    /// <summary>Before a single write is sent. Throwing means that the storage is away.</summary>
    public Action? BeforeWrite { get; set; }
}
