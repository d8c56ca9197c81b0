using Microsoft.Extensions.Options;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Settings of the storage on PostgreSQL. Validated when the storage opens.</summary>
public sealed class PostgresStorageOptions
{
    /// <summary>The connection string, as Npgsql reads it: <c>Host=...;Username=...;Password=...;Database=...</c>.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// Connections that write groups of device commits, and so groups under way at once. One makes the fullest groups, and each silo brings its
    /// own; more help a silo whose database answers slowly, as over a long line. 1 to 16, default 1.
    /// </summary>
    public int CommitConnections { get; set; } = 1;

    /// <summary>Connections for reads and for single writes, and so of those at once. 2 to 256, default 16.</summary>
    public int MaxPoolSize { get; set; } = 16;

    /// <summary>Device commits that wait at most; one more is answered "unavailable". 1 to 65,536, default 4,096.</summary>
    public int QueueLimit { get; set; } = 4_096;

    /// <summary>
    /// Reads and single writes that wait for a connection at most; one more is answered "unavailable". 1 to 65,536, default 4,096.
    /// </summary>
    public int ReadQueueLimit { get; set; } = 4_096;

    /// <summary>
    /// How long a call may take, waiting included, before it ends as "unavailable" (or, for a write that was sent, as "unknown"); a long
    /// history read has it for each of its steps. A write that was sent is given up at the next whole second. 1 to 60 seconds, default
    /// 4.5 seconds.
    /// </summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromSeconds(4.5);

    /// <summary>
    /// Blocks of a device and UTC day that are merged at once when so many have come; fewer are when they hold 32,768 points. 2 to 1,024,
    /// default 128.
    /// </summary>
    public int MergeBlocks { get; set; } = 128;

    /// <summary>
    /// After so long without a new block, a device's day is merged however few there are. 1 second to 1 day, default 10 minutes.
    /// </summary>
    public TimeSpan MergeIdle { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often retention, months and idle merging are looked after. 1 second to 1 hour, default 1 minute.</summary>
    public TimeSpan UpkeepInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Whether upkeep runs by itself. Tests that move the clock by hours do it by hand.</summary>
    internal bool RunsUpkeep { get; set; } = true;

    /// <summary>How long connecting may take before the server counts as away, whole seconds: 2 s; longer in tests.</summary>
    internal TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long upkeep waits for a lock: 2 s; longer in tests in which it is to get the lock.</summary>
    internal TimeSpan UpkeepLockTimeout { get; set; } = TimeSpan.FromSeconds(2);
}

/// <summary>Holds the options to their documented ranges and reports every fault at once.</summary>
internal sealed class PostgresStorageOptionsValidator : IValidateOptions<PostgresStorageOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, PostgresStorageOptions options)
    {
        var faults = new List<string>();
        if (ConnectionFault(options.ConnectionString) is { } fault)
            faults.Add(fault);
        Range(nameof(options.CommitConnections), options.CommitConnections, 1, 16);
        Range(nameof(options.MaxPoolSize), options.MaxPoolSize, 2, 256);
        Range(nameof(options.QueueLimit), options.QueueLimit, 1, 65_536);
        Range(nameof(options.ReadQueueLimit), options.ReadQueueLimit, 1, 65_536);
        Range(nameof(options.CallTimeout), options.CallTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        Range(nameof(options.MergeBlocks), options.MergeBlocks, 2, 1_024);
        Range(nameof(options.MergeIdle), options.MergeIdle, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Range(nameof(options.UpkeepInterval), options.UpkeepInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Range<T>(string property, T value, T min, T max)
            where T : IComparable<T>
        {
            if (value.CompareTo(min) < 0 || value.CompareTo(max) > 0)
                faults.Add($"{property} is {value}; it must be {min} to {max}.");
        }
    }

    /// <summary>What is wrong with a connection string, or null.</summary>
    internal static string? ConnectionFault(string? text)
    {
        try
        {
            return string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(text).Host)
                ? "ConnectionString must name a host: Host=...;Username=...;Database=..."
                : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // The message of the driver names the keyword and not its value, which may be a password.
            return $"ConnectionString cannot be read: {e.Message}";
        }
    }
}
