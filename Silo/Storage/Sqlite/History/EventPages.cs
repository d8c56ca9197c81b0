using EsoCore.History;
using EsoCore.Wire;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Pages of events, newest first; of one time, by device and hash. Each device gives at most a page of candidates.</summary>
internal static class EventPages
{
    private const int TokenLength = 8 + 16 + 16;

    private static readonly SqlFile Sql = SqlFile.Of(typeof(EventPages));

    private readonly record struct Candidate(long TsUs, ScopedDevice Device, UInt128 Hash, long EventNo) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other)
        {
            int order = other.TsUs.CompareTo(TsUs);
            if (order == 0)
                order = Device.Id.CompareTo(other.Device.Id);
            return order != 0 ? order : other.Hash.CompareTo(Hash);
        }
    }

    /// <summary>Reads a page inside a snapshot.</summary>
    public static Page<EventRow> Read(Db db, EventQuery query, PageRequest page, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        var after = page.After is { } token ? ReadToken(token) : null;
        var span = TimeSpanUs.Of(query.From, query.To);
        var found = new List<Candidate>();
        long oldest = TimeSpanUs.MinUs;
        foreach (var device in HistoryScope.Devices(db, query.Scope, query.DeviceId, query.SiteId))
        {
            cancel.ThrowIfCancellationRequested();
            ReadDevice(db, query, device, span.NotBefore(Math.Max(device.FloorUs, oldest)), after, limit + 1, found);
            if (found.Count > 2 * limit)
                oldest = Cut(found, limit);
        }

        Cut(found, limit);
        bool more = found.Count > limit;
        var rows = found.Take(limit).Select(c => ReadRow(db, c)).ToImmutableArray();
        return new(rows, more ? WriteToken(found[limit - 1]) : null);
    }

    private static void ReadDevice(
        Db db, EventQuery query, ScopedDevice device, TimeSpanUs span, Candidate? after, int count, List<Candidate> found)
    {
        if (span.IsEmpty)
            return;
        using var row = db.Use(Sql[query.Type is null ? "events" : "events_of_type"]).Add(device.No).Add(span.FromUs);
        switch (after)
        {
            case null:
                row.Add(span.ToUs).AddNull().AddNull();
                break;
            case { } a when a.Device.Id == device.Id:
                row.Add(Math.Min(span.ToUs, a.TsUs + 1)).Add(a.TsUs).AddHash(a.Hash);
                break;

            // Of another device, those of the very time of the token come before it or after it, all of them.
            case { } a:
                row.Add(Math.Min(span.ToUs, device.Id.CompareTo(a.Device.Id) < 0 ? a.TsUs : a.TsUs + 1)).AddNull().AddNull();
                break;
        }

        row.Add(query.Category).Add(query.Severity).Add(query.AssetId).Add(count);
        if (query.Type is not null)
            row.Add(query.Type);
        while (row.Step())
            found.Add(new(row.Long(1), device, row.UInt128(2), row.Long(0)));
    }

    /// <summary>Keeps what the page and the one item after it need; the time before which nothing matters any more.</summary>
    private static long Cut(List<Candidate> found, int limit)
    {
        found.Sort();
        if (found.Count <= limit + 1)
            return TimeSpanUs.MinUs;
        found.RemoveRange(limit + 1, found.Count - limit - 1);
        return found[^1].TsUs;
    }

    private static EventRow ReadRow(Db db, Candidate candidate)
    {
        using var row = db.Use(Sql["event"]).Add(candidate.EventNo);
        if (!row.Step())
            throw new InvalidDataException("An event stands in the index and not in the table.");
        string type = row.Text(2);
        return new(
            row.Guid(0), row.Time(1), candidate.Device.Id, type, row.TextOrNull(3), row.Text(4), row.TextOrNull(5), row.DoubleOrNull(6),
            row.TextOrNull(7), StoredText.Meta(row.Text(8)), RestoredAt(db, candidate, type));
    }

    private static DateTimeOffset? RestoredAt(Db db, Candidate candidate, string type)
    {
        if (!KnownEvents.TryFind(type, out var known) || known.RestoredBy is not { } restoring)
            return null;
        using var row = db.Use(Sql["restored_at"]).Add(candidate.Device.No).Add(restoring).Add(candidate.TsUs);
        return row.Step() ? row.TimeOrNull(0) : null;
    }

    private static Candidate? ReadToken(string token)
    {
        var key = TokenKey.Read(TokenKey.Events, TokenLength, token);
        return new(key.Long(), new ScopedDevice(key.Guid(), 0, 0), key.Hash(), 0);
    }

    private static string WriteToken(Candidate last) =>
        PageToken.Write(TokenKey.Write(TokenKey.Events).Add(last.TsUs).Add(last.Device.Id).AddHash(last.Hash).ToBytes());
}
