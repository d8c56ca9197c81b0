namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Folds the log into the data file after every so many pages written, between commits rather than inside one. It waits for nobody, so a
/// long read leaves the log to grow for as long as it lasts; only past <see cref="LongLogPages"/> does it wait a moment for the readers.
/// </summary>
internal sealed class Checkpoints(ILogger logger)
{
    /// <summary>Pages of 4 KiB written to the log between two checkpoints: 8 MiB, which take some 20 ms to fold in.</summary>
    public const int EachPages = 2_048;

    /// <summary>A log of so many pages (256 MiB) is to begin anew, although readers that overlap would let it go on for ever.</summary>
    public const int LongLogPages = 65_536;

    private const string Passive = "pragma wal_checkpoint(passive)";
    private const string Restart = "pragma wal_checkpoint(restart)";

    // The log that an earlier run of the program left may be of any size.
    private int _written = EachPages;

    /// <summary>Whether enough was written since the last one, and nothing else: a hindered one is not tried again at once.</summary>
    public bool IsDue => _written >= EachPages;

    /// <summary>Counts what the connection has written since it was last asked.</summary>
    public void Written(Db db) => _written += db.TakePagesWritten();

    /// <summary>Checkpoints; no transaction may be open.</summary>
    public void Run(Db db)
    {
        _written = 0;
        int pages = Fold(db, Passive);
        if (pages < LongLogPages)
            return;
        logger.LogWarning("The log of the data file has {Pages} pages: reads have kept it from beginning anew.", pages);
        db.WithBusyTimeout(Upkeep.SliceLimit, () => Fold(db, Restart));
    }

    private static int Fold(Db db, string sql)
    {
        using var row = db.Use(sql);
        return row.Step() ? row.Int(1) : 0;
    }
}
