using EsoCore.History;
using EsoCore.Wire;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Pages of events, newest first; of one time, by device and hash.</summary>
internal static class EventPages
{
    private const int TokenLength = 8 + 16 + 16;

    private static readonly SqlFile Sql = SqlFile.Of(typeof(EventPages));

    private sealed record Found(EventRow Row, long DeviceNo, long TsUs, Guid Hash);

    /// <summary>Reads a page.</summary>
    public static async Task<Page<EventRow>> Read(NpgsqlConnection db, EventQuery query, PageRequest page, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        var (afterTs, afterDevice, afterHash) = ((long?)null, (Guid?)null, (Guid?)null);
        if (page.After is { } token)
        {
            var key = TokenKey.Read(TokenKey.Events, TokenLength, token);
            (afterTs, afterDevice, afterHash) = (key.Long(), key.Guid(), BodyHashes.ToUuid(key.Hash()));
        }

        var span = TimeSpanUs.Of(query.From, query.To);
        var found = await Sessions.Ask(
            db,
            Sql["events"],
            a => a.Add(query.Scope.ProjectId).Add(query.DeviceId).Add(query.SiteId).Add(span.FromUs).Add(span.ToUs)
                .Add(afterTs).Add(afterDevice).Add(afterHash)
                .Add(query.Type).Add(query.Category).Add(query.Severity).Add(query.AssetId).Add(limit + 1),
            (row, stop) => Sessions.Collect(row, ReadRow, stop),
            cancel).ConfigureAwait(false);
        bool more = found.Length > limit;
        if (more)
            found = found[..limit];
        var restored = await Restored(db, found, cancel).ConfigureAwait(false);
        var rows = found.Select((f, i) => f.Row with { ResolvedAt = restored.TryGetValue(i, out var at) ? at : null }).ToImmutableArray();
        return new(rows, more ? WriteToken(found[^1]) : null);
    }

    private static async Task<Dictionary<int, DateTimeOffset?>> Restored(NpgsqlConnection db, ImmutableArray<Found> found, CancellationToken cancel)
    {
        var (places, numbers, types, times) = (new List<int>(), new List<long>(), new List<string?>(), new List<long>());
        for (int i = 0; i < found.Length; i++)
        {
            if (!KnownEvents.TryFind(found[i].Row.EventType, out var known) || known.RestoredBy is not { } restoring)
                continue;
            places.Add(i);
            numbers.Add(found[i].DeviceNo);
            types.Add(restoring);
            times.Add(found[i].TsUs);
        }

        if (places.Count == 0)
            return [];
        var rows = await Sessions.Ask(
            db,
            Sql["restored"],
            a => a.Add(places).Add(numbers).Add(types).Add(times),
            (row, stop) => Sessions.Collect(row, r => (Place: r.Int(0), At: r.TimeOrNull(1)), stop),
            cancel).ConfigureAwait(false);
        return rows.ToDictionary(r => r.Place, r => r.At);
    }

    private static Found ReadRow(NpgsqlDataReader row)
    {
        var read = new EventRow(
            row.Guid(4), row.Time(2), row.Guid(0), row.Text(5), row.TextOrNull(6), row.Text(7), row.TextOrNull(8), row.DoubleOrNull(9),
            row.TextOrNull(10), StoredText.Meta(row.Text(11)), null);
        return new(read, row.Long(1), row.Long(2), row.Guid(3));
    }

    private static string WriteToken(Found last) => PageToken.Write(
        TokenKey.Write(TokenKey.Events).Add(last.TsUs).Add(last.Row.DeviceId).AddHash(BodyHashes.FromUuid(last.Hash)).ToBytes());
}
