using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Makes pages of what a statement gives.</summary>
internal static class Pages
{
    /// <summary>
    /// Reads rows that were asked for with one more than the page holds: that one tells whether another page follows.
    /// </summary>
    /// <param name="row">The rows.</param>
    /// <param name="limit">Items of the page.</param>
    /// <param name="read">The item of a row.</param>
    /// <param name="key">The key of a row, for the token.</param>
    /// <param name="cancel">Ends the reading.</param>
    public static async ValueTask<Page<T>> Collect<T>(
        NpgsqlDataReader row, int limit, Func<NpgsqlDataReader, T> read, Func<NpgsqlDataReader, byte[]> key, CancellationToken cancel)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        byte[]? last = null;
        while (await row.ReadAsync(cancel).ConfigureAwait(false))
        {
            if (last is not null)
                return new(items.DrainToImmutable(), PageToken.Write(last));
            items.Add(read(row));
            if (items.Count == limit)
                last = key(row);
        }

        return new(items.DrainToImmutable(), null);
    }
}
