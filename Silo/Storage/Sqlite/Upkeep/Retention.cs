namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Moves each project's retention floor forward and deletes what lies wholly below it, device by device. How far it has come within a
/// project is not stored: after a restart it begins the project again and finds little left to do.
/// </summary>
internal sealed class Retention(TimeProvider time) : IUpkeepTask
{
    private const int ProjectsAStep = 256;
    private const int DevicesAStep = 32;

    private static readonly SqlFile Sql = SqlFile.Of<Retention>();

    // Rows of one step, so that it frees some megabytes at most: blocks and chunks have up to 64 KiB, windows as much as an upload takes.
    private static readonly (string Sql, int Rows)[] Deletes =
        [("delete_blocks", 64), ("delete_chunks", 64), ("delete_events", 256), ("delete_windows", 8), ("forget_days", 256)];

    private Guid? _raiseAfter = Guid.Empty;
    private bool _purge = true;
    private Purge? _current;

    private sealed record Purge(Guid ProjectId, long FloorUs, Guid AfterDevice);

    /// <inheritdoc/>
    public bool HasWork => _raiseAfter is not null || _purge || _current is not null;

    /// <inheritdoc/>
    public void Due()
    {
        _raiseAfter ??= Guid.Empty;
        _purge = true;
    }

    /// <inheritdoc/>
    public void Step(Db db)
    {
        if (_raiseAfter is { } after)
            _raiseAfter = RaiseFloors(db, after);
        else if (_current is { } purge)
            _current = PurgeDevices(db, purge);
        else
            _purge = (_current = FindPurge(db)) is not null;
    }

    private Guid? RaiseFloors(Db db, Guid after)
    {
        var inForce = new List<(Guid Id, long FloorUs)>();
        var raised = new List<(Guid Id, long FloorUs)>();
        int seen = 0;
        var now = time.GetUtcNow();
        using (var row = db.Use(Sql["projects_with_floor"]).Add(after).Add(ProjectsAStep))
        {
            while (row.Step())
            {
                seen++;
                after = row.Guid(0);
                long floor = row.Long(2);
                bool isHidden = row.LongOrNull(3) is { } hidden && hidden >= floor;

                // One that still waits is not raised further: it would wait anew.
                if (!isHidden && row.Time(4) + RetentionRules.Lag > now)
                    continue;
                if (!isHidden)
                    inForce.Add((after, floor));
                if (row.LongOrNull(1) is not { } days)
                    continue;
                long due = Micros.From(now) - (days * Micros.Day);
                if (due - floor >= RetentionRules.FloorStep.Ticks / TimeSpan.TicksPerMicrosecond)
                    raised.Add((after, due));
            }
        }

        foreach (var (id, floor) in inForce)
            db.Use(Sql["hide_below"]).Add(floor).Add(id).Run();
        foreach (var (id, floor) in raised)
            db.Use(Sql["raise_floor"]).Add(floor).Add(now).Add(id).Run();
        return seen == ProjectsAStep ? after : null;
    }

    private static Purge? FindPurge(Db db)
    {
        using var row = db.Use(Sql["projects_to_purge"]);
        return row.Step() ? new(row.Guid(0), row.Long(1), Guid.Empty) : null;
    }

    private static Purge? PurgeDevices(Db db, Purge purge)
    {
        var devices = new List<(Guid Id, long No)>();
        using (var row = db.Use(Sql["devices_after"]).Add(purge.ProjectId).Add(purge.AfterDevice).Add(DevicesAStep))
        {
            while (row.Step())
                devices.Add((row.Guid(0), row.Long(1)));
        }

        foreach (var (id, deviceNo) in devices)
        {
            foreach (var (delete, rows) in Deletes)
            {
                db.Use(Sql[delete]).Add(deviceNo).Add(purge.FloorUs).Add(rows).Run();

                // The next step comes back to this device: it may have more.
                if (db.Changes > 0)
                    return purge;
            }

            purge = purge with { AfterDevice = id };
        }

        if (devices.Count == DevicesAStep)
            return purge;
        db.Use(Sql["purged"]).Add(purge.FloorUs).Add(purge.ProjectId).Run();
        return null;
    }
}
