namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Moves each project's retention floor forward and deletes what lies wholly below it, device by device. How far it has come within a
/// project is not stored: after a restart it begins the project again and finds little left to do.
/// </summary>
internal sealed class Retention(TimeProvider time) : IUpkeepTask
{
    /// <summary>The floor moves in steps of this, so that a project is not walked through for every minute that passes.</summary>
    public static readonly TimeSpan FloorStep = TimeSpan.FromHours(1);

    private const int ProjectsAStep = 256;
    private const int DevicesAStep = 32;
    private const int RowsAStep = 256;

    private static readonly SqlFile Sql = SqlFile.Of<Retention>();
    private static readonly string[] Deletes = ["delete_blocks", "delete_chunks", "delete_events", "delete_windows"];

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
        var raised = new List<(Guid Id, long FloorUs)>();
        int seen = 0;
        long now = Micros.From(time.GetUtcNow());
        using (var row = db.Use(Sql["projects_with_retention"]).Add(after).Add(ProjectsAStep))
        {
            while (row.Step())
            {
                seen++;
                after = row.Guid(0);
                long floor = now - (row.Long(1) * Micros.Day);
                if (row.LongOrNull(2) is not { } old || floor - old >= FloorStep.Ticks / TimeSpan.TicksPerMicrosecond)
                    raised.Add((after, floor));
            }
        }

        foreach (var (id, floor) in raised)
            db.Use(Sql["raise_floor"]).Add(floor).Add(id).Run();
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
            foreach (string delete in Deletes)
            {
                db.Use(Sql[delete]).Add(deviceNo).Add(purge.FloorUs).Add(RowsAStep).Run();

                // The next step comes back to this device: it may have more.
                if (db.Changes > 0)
                    return purge;
            }

            db.Use(Sql["forget_days"]).Add(deviceNo).Add(purge.FloorUs).Run();
            purge = purge with { AfterDevice = id };
        }

        if (devices.Count == DevicesAStep)
            return purge;
        db.Use(Sql["purged"]).Add(purge.FloorUs).Add(purge.ProjectId).Run();
        return null;
    }
}
