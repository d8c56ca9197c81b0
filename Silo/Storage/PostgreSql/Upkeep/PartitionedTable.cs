namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>A table in partitions by time: calendar months with one early partition before them, or stretches of ten days.</summary>
/// <param name="Name">Its name; a partition's is followed by the date that it begins with.</param>
/// <param name="ByMonth">Months, with an early partition; otherwise ten days.</param>
/// <param name="Options">Storage options of each partition.</param>
internal sealed record PartitionedTable(string Name, bool ByMonth, string Options)
{
    private const long TenDays = 10 * Micros.Day;

    // Rows of blocks come and go; the rest is nearly only appended to.
    private const string Busy = "with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000)";

    public static PartitionedTable Blocks { get; } = new("telemetry_block", true, Busy);

    public static PartitionedTable Chunks { get; } = new("telemetry_chunk", true, "");

    public static PartitionedTable Events { get; } = new("device_event", true, "");

    public static PartitionedTable Windows { get; } = new("device_window", true, "");

    public static PartitionedTable Ledger { get; } = new("ledger", false, "");

    public static ImmutableArray<PartitionedTable> All { get; } = [Blocks, Chunks, Events, Windows, Ledger];

    /// <summary>The column that it is divided by.</summary>
    public string TimeColumn => ByMonth ? this == Events || this == Windows ? "ts" : "t0" : "received_at";

    /// <summary>The name of the early partition.</summary>
    public string EarlyName => Name + "_early";

    /// <summary>What names its dated partitions have, as a regular expression: whole names, for others may have tables like them.</summary>
    public string NamePattern => ByMonth ? $"^{Name}_\\d{{4}}_\\d\\d$" : $"^{Name}_\\d{{4}}_\\d\\d_\\d\\d$";

    /// <summary>The partition that a time belongs to, where <paramref name="startUs"/> ends the early one.</summary>
    public Part PartOf(long us, long startUs)
    {
        if (ByMonth && us < startUs)
            return new(this, EarlyName, null, startUs);
        if (!ByMonth)
        {
            long from = us - (((us % TenDays) + TenDays) % TenDays);
            return new(this, NameOf(Micros.ToTime(from), "yyyy_MM_dd"), from, from + TenDays);
        }

        var month = MonthOf(Micros.ToTime(us));
        return new(this, NameOf(month, "yyyy_MM"), Micros.From(month), Next(month) is { } next ? Micros.From(next) : null);
    }

    /// <summary>The first moment of the month that a time lies in.</summary>
    public static DateTimeOffset MonthOf(DateTimeOffset time) => new(time.UtcDateTime.Year, time.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);

    private static DateTimeOffset? Next(DateTimeOffset month) =>
        month.Year == DateTimeOffset.MaxValue.Year && month.Month == 12 ? null : month.AddMonths(1);

    private string NameOf(DateTimeOffset from, string format) =>
        $"{Name}_{from.UtcDateTime.ToString(format, System.Globalization.CultureInfo.InvariantCulture)}";
}

/// <summary>A partition: [low, high) in microseconds, null for no bound.</summary>
internal sealed record Part(PartitionedTable Table, string Name, long? LowUs, long? HighUs);
