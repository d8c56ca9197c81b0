using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Rows of reminders. An upsert takes the row over whatever its ETag, as Orleans' reminder tables do.</summary>
internal sealed class ReminderStore(Sessions sessions) : IReminderStore
{
    private const string Columns = "select grain_id, grain_hash, name, start_at, period_us, etag from reminder";
    private const string OfGrain = Columns + " where grain_id = $1 order by name";
    private const string InRange = Columns + " where grain_hash > $1 and grain_hash <= $2 order by grain_hash";
    private const string AroundEnd = Columns + " where grain_hash > $1 or grain_hash <= $2 order by grain_hash";

    private const string Insert =
        "insert into reminder(grain_id, name, grain_hash, start_at, period_us, etag) values ($1, $2, $3, $4, $5, $6) " +
        "on conflict (grain_id, name) do update set grain_hash = excluded.grain_hash, start_at = excluded.start_at, " +
        "period_us = excluded.period_us, etag = excluded.etag";

    private const string Delete = "delete from reminder where grain_id = $1 and name = $2 and etag = $3";

    /// <inheritdoc/>
    public Task<ImmutableArray<ReminderRow>> Read(string grainId, CancellationToken cancel) =>
        sessions.ReadAll(OfGrain, a => a.Add(grainId), Read, cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<ReminderRow>> Read(uint begin, uint end, CancellationToken cancel) =>
        sessions.ReadAll(begin < end ? InRange : AroundEnd, a => a.Add((long)begin).Add((long)end), Read, cancel);

    /// <inheritdoc/>
    public async Task<string> Upsert(ReminderRow row, CancellationToken cancel)
    {
        string etag = Guid.NewGuid().ToString("N");
        await sessions.Execute(
            Insert,
            a => a.Add(row.GrainId).Add(row.Name).Add((long)row.GrainHash).Add(row.StartAt).Add(row.Period.Ticks / TimeSpan.TicksPerMicrosecond)
                .Add(etag),
            cancel).ConfigureAwait(false);
        return etag;
    }

    /// <inheritdoc/>
    public async Task<bool> Remove(string grainId, string name, string etag, CancellationToken cancel) =>
        await sessions.Execute(Delete, a => a.Add(grainId).Add(name).Add(etag), cancel).ConfigureAwait(false) == 1;

    private static ReminderRow Read(Npgsql.NpgsqlDataReader row) => new(
        row.Text(0), (uint)row.Long(1), row.Text(2), row.Time(3), TimeSpan.FromMicroseconds(row.Long(4)), row.Text(5));
}
