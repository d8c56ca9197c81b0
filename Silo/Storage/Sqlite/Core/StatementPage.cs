namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Makes pages of what a statement gives.</summary>
internal static class StatementPage
{
    /// <summary>
    /// Steps through rows that were asked for with one more than the page holds: that one tells whether another page follows.
    /// </summary>
    /// <param name="rows">The bound statement.</param>
    /// <param name="limit">Items of the page.</param>
    /// <param name="read">The item of a row.</param>
    /// <param name="key">The key of a row, for the token.</param>
    public static Page<T> Collect<T>(Statement rows, int limit, Func<Statement, T> read, Func<Statement, byte[]> key)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        byte[]? last = null;
        while (rows.Step())
        {
            if (last is not null)
                return new(items.DrainToImmutable(), PageToken.Write(last));
            items.Add(read(rows));
            if (items.Count == limit)
                last = key(rows);
        }

        return new(items.DrainToImmutable(), null);
    }
}
