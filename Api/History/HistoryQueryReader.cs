using System.Globalization;
using EsoCore.History;
using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>The query parameters that the history routes share.</summary>
internal static class HistoryQueryReader
{
    /// <summary>The aggregates that <c>agg</c> can ask for.</summary>
    public static readonly ImmutableArray<string> Aggregates = ["min", "max", "avg", "sum", "count"];

    /// <summary>The longest bucket.</summary>
    private static readonly TimeSpan MaxBucket = TimeSpan.FromDays(366);

    public static (DateTimeOffset? From, DateTimeOffset? To) Span(this QueryReader query)
    {
        var (from, to) = (query.Time("from"), query.Time("to"));
        if (from >= to)
            query.Fault("to", "must be later than from");
        return (from, to);
    }

    /// <summary>A width like <c>30s</c>, <c>1m</c>, <c>1h</c> or <c>1d</c>.</summary>
    public static TimeSpan? Bucket(this QueryReader query)
    {
        if (query.Text("bucket", 16) is not { } text)
            return null;
        if (int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
        {
            var unitSeconds = text[^1] switch { 's' => 1L, 'm' => 60, 'h' => 3_600, 'd' => 86_400, _ => long.MaxValue / int.MaxValue };
            if (unitSeconds * count <= (long)MaxBucket.TotalSeconds)
                return TimeSpan.FromSeconds(unitSeconds * count);
        }

        query.Fault("bucket", "must be a whole number and a unit, like 30s, 1m, 1h or 1d, at most 366d");
        return null;
    }

    /// <summary>How many buckets, aligned to the epoch, a span touches: one that is not aligned itself touches one more than its length holds.</summary>
    public static long Buckets(DateTimeOffset from, DateTimeOffset to, TimeSpan width)
    {
        var (first, last) = (from.UtcTicks - DateTime.UnixEpoch.Ticks, to.UtcTicks - DateTime.UnixEpoch.Ticks - 1);
        return to <= from ? 0 : FloorOf(last) - FloorOf(first) + 1;

        long FloorOf(long ticks) => ticks >= 0 ? ticks / width.Ticks : -((-ticks + width.Ticks - 1) / width.Ticks);
    }

    public static ImmutableHashSet<string> Agg(this QueryReader query)
    {
        if (query.Text("agg", 64) is not { } text)
            return [.. Aggregates.Remove("sum")];
        var asked = text.Split(',', StringSplitOptions.TrimEntries).ToImmutableHashSet();
        foreach (var unknown in asked.Except(Aggregates))
            query.Fault("agg", $"'{unknown}' is not one of {string.Join(", ", Aggregates)}");
        return asked;
    }

    /// <summary>Any word that devices use for a severity, as the word under which it is kept.</summary>
    public static string? Severity(this QueryReader query)
    {
        if (query.Text("severity", 16) is not { } word)
            return null;
        if (Severities.TryParse(word, out var severity))
            return Severities.NameOf(severity);
        query.Fault("severity", "must be info, low, medium, high or critical");
        return null;
    }

    public static BucketBody ToBody(this BucketRow row, ImmutableHashSet<string> agg) => new(
        row.Ts,
        agg.Contains("min") ? row.Min : null,
        agg.Contains("max") ? row.Max : null,
        agg.Contains("avg") ? row.Sum / row.Count : null,
        agg.Contains("sum") ? row.Sum : null,
        agg.Contains("count") ? row.Count : null);
}
