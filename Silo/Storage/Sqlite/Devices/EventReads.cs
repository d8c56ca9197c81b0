using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Events of one device in order of time.</summary>
internal static class EventReads
{
    internal static ImmutableArray<NewEvent> Read(
        Db db, SqlFile sql, long deviceNo, ImmutableArray<string> types, long fromUs, long toUs, int limit, bool newestFirst)
    {
        var found = new List<NewEvent>();
        string order = newestFirst ? "newest_events" : "oldest_events";
        foreach (string? type in types.IsDefaultOrEmpty ? [null] : types.Distinct().Cast<string?>())
        {
            using var row = db.Use(sql[type is null ? order : order + "_of_type"]).Add(deviceNo).Add(fromUs).Add(toUs).Add(limit);
            if (type is not null)
                row.Add(type);
            while (row.Step())
                found.Add(ReadRow(row));
        }

        // Each name gave its first ones in order; together they are ordered again and cut.
        var ordered = newestFirst
            ? found.OrderByDescending(e => e.Key.TsUs).ThenByDescending(e => e.Key.Hash)
            : found.OrderBy(e => e.Key.TsUs).ThenBy(e => e.Key.Hash);
        return [.. ordered.Take(limit)];
    }

    private static NewEvent ReadRow(Statement row) => new(
        row.Guid(2), new(row.Long(0), row.UInt128(1)), row.Text(3), row.TextOrNull(4), row.Text(5), row.TextOrNull(6), row.DoubleOrNull(7),
        row.TextOrNull(8), row.Text(9));
}
