using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Rows of reminders. An upsert takes the row over whatever its ETag, as Orleans' reminder tables do.</summary>
internal sealed class ReminderStore(Writer writer, ReaderPool readers) : IReminderStore
{
    private const string Columns = "select grain_id, grain_hash, name, start_at, period_us, etag from reminder";
    private const string OfGrain = Columns + " where grain_id = ? order by name";
    private const string InRange = Columns + " where grain_hash > ? and grain_hash <= ? order by grain_hash";
    private const string AroundEnd = Columns + " where grain_hash > ? or grain_hash <= ? order by grain_hash";

    private const string Insert =
        "insert into reminder(grain_id, name, grain_hash, start_at, period_us, etag) values (?, ?, ?, ?, ?, ?) " +
        "on conflict do update set grain_hash = excluded.grain_hash, start_at = excluded.start_at, period_us = excluded.period_us, " +
        "etag = excluded.etag";

    private const string Delete = "delete from reminder where grain_id = ? and name = ? and etag = ?";

    /// <inheritdoc/>
    public Task<ImmutableArray<ReminderRow>> Read(string grainId, CancellationToken cancel) =>
        readers.Read(db => ReadAll(db.Use(OfGrain).Add(grainId)), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<ReminderRow>> Read(uint begin, uint end, CancellationToken cancel) =>
        readers.Read(db => ReadAll(db.Use(begin < end ? InRange : AroundEnd).Add(begin).Add(end)), cancel);

    /// <inheritdoc/>
    public Task<string> Upsert(ReminderRow row, CancellationToken cancel)
    {
        string etag = Guid.NewGuid().ToString("N");
        return writer.Write(
            db =>
            {
                db.Use(Insert).Add(row.GrainId).Add(row.Name).Add(row.GrainHash).Add(row.StartAt)
                    .Add(row.Period.Ticks / TimeSpan.TicksPerMicrosecond).Add(etag).Run();
                return etag;
            },
            cancel);
    }

    /// <inheritdoc/>
    public Task<bool> Remove(string grainId, string name, string etag, CancellationToken cancel) =>
        writer.Write(
            db =>
            {
                db.Use(Delete).Add(grainId).Add(name).Add(etag).Run();
                return db.Changes == 1;
            },
            cancel);

    private static ImmutableArray<ReminderRow> ReadAll(Statement rows)
    {
        using (rows)
        {
            var all = ImmutableArray.CreateBuilder<ReminderRow>();
            while (rows.Step())
            {
                all.Add(new(
                    rows.Text(0), (uint)rows.Long(1), rows.Text(2), rows.Time(3), TimeSpan.FromMicroseconds(rows.Long(4)), rows.Text(5)));
            }

            return all.DrainToImmutable();
        }
    }
}
