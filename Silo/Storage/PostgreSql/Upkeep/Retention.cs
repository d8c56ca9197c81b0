using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Moves each project's retention floor forward and deletes what lies wholly below it, some devices at a time. How far it has come within a
/// project is not stored: after a restart it begins the project again and finds little left to do.
/// </summary>
internal sealed class Retention(TimeProvider time) : IUpkeepTask
{
    private const int ProjectsAStep = 256;
    private const int DevicesAStep = 32;

    private static readonly SqlFile Sql = SqlFile.Of<Retention>();

    // Rows of one device and step, so that a step frees some megabytes at most: windows have as much as an upload takes.
    private static readonly (string Sql, int Rows)[] Deletes =
        [("delete_blocks", 16), ("delete_chunks", 16), ("delete_events", 64), ("delete_windows", 4)];

    private Guid? _moveAfter = Guid.Empty;
    private bool _purge = true;
    private Purge? _current;
    private Guid _lastPurged;

    private sealed record Purge(Guid ProjectId, long FloorUs, Guid AfterDevice);

    /// <summary>The project whose rows it is deleting, or null.</summary>
    internal Guid? Purging => _current?.ProjectId;

    /// <inheritdoc/>
    public bool HasWork => _moveAfter is not null || _purge || _current is not null;

    /// <inheritdoc/>
    public int? Lock => 2;

    /// <inheritdoc/>
    public void Due()
    {
        _moveAfter ??= Guid.Empty;
        _purge = true;
    }

    /// <inheritdoc/>
    public void LeaveToOthers() => (_moveAfter, _purge, _current) = (null, false, null);

    /// <inheritdoc/>
    public async Task Step(NpgsqlConnection db, CancellationToken cancel)
    {
        if (_moveAfter is { } after)
            _moveAfter = await MoveFloors(db, after, cancel).ConfigureAwait(false);
        else if (_current is { } purge)
            _current = await PurgeDevices(db, purge, cancel).ConfigureAwait(false);
        else
            _purge = (_current = await FindPurge(db, _lastPurged, cancel).ConfigureAwait(false)) is not null;
        _lastPurged = _current?.ProjectId ?? _lastPurged;
    }

    private Task<Guid?> MoveFloors(NpgsqlConnection db, Guid after, CancellationToken cancel) => Sessions.Ask(
        db,
        Sql["move_floors"],
        a => a.Add(after).Add(time.GetUtcNow()).Add(RetentionRules.Lag.Ticks / TimeSpan.TicksPerMicrosecond)
            .Add(RetentionRules.FloorStep.Ticks / TimeSpan.TicksPerMicrosecond).Add(ProjectsAStep),
        async (row, stop) =>
            await row.ReadAsync(stop).ConfigureAwait(false) && row.Long(0) == ProjectsAStep ? row.GuidOrNull(1) : null,
        cancel);

    private static Task<Purge?> FindPurge(NpgsqlConnection db, Guid after, CancellationToken cancel) => Sessions.Ask(
        db,
        Sql["project_to_purge"],
        a => a.Add(after),
        async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false) ? new Purge(row.Guid(0), row.Long(1), Guid.Empty) : null,
        cancel);

    private static async Task<Purge?> PurgeDevices(NpgsqlConnection db, Purge purge, CancellationToken cancel)
    {
        var devices = await Sessions.Ask(
            db,
            Sql["devices_after"],
            a => a.Add(purge.ProjectId).Add(purge.AfterDevice).Add(DevicesAStep),
            (row, stop) => Sessions.Collect(row, r => (Id: r.Guid(0), No: r.Long(1)), stop),
            cancel).ConfigureAwait(false);
        var numbers = devices.Select(d => d.No).ToList();
        foreach (var (delete, rows) in Deletes)
        {
            int deleted = await Sessions.Ask(
                db, Sql[delete], a => a.Add(numbers).Add(purge.FloorUs).Add(rows), (row, _) => new ValueTask<int>(row.RecordsAffected), cancel)
                .ConfigureAwait(false);

            // The next step comes back to these devices: they may have more.
            if (deleted > 0)
                return purge;
        }

        if (devices.Length == DevicesAStep)
            return purge with { AfterDevice = devices[^1].Id };
        await Sessions.Ask(
            db, Sql["purged"], a => a.Add(purge.ProjectId).Add(purge.FloorUs), (row, _) => new ValueTask<int>(row.RecordsAffected), cancel)
            .ConfigureAwait(false);
        return null;
    }
}
