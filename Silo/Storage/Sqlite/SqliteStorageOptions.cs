using Microsoft.Extensions.Options;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Settings of the embedded storage. Validated when the storage opens.</summary>
public sealed class SqliteStorageOptions
{
    /// <summary>The directory of <c>esocore.db</c>; made when it is not there. Default <c>./data</c>.</summary>
    public string DataDirectory { get; set; } = "./data";

    /// <summary>Writes that wait at most; one more is answered "unavailable". 1 to 65,536, default 1,024.</summary>
    public int QueueLimit { get; set; } = 1_024;

    /// <summary>Read connections, and so reads at once. 1 to 64; default: processors, at least 2.</summary>
    public int Readers { get; set; } = Math.Clamp(Environment.ProcessorCount, 2, 64);

    /// <summary>Reads that wait for a connection at most; one more is answered "unavailable". 1 to 65,536, default 4,096.</summary>
    public int ReadQueueLimit { get; set; } = 4_096;

    /// <summary>Blocks of a device and UTC day that are merged at once when so many have come. 2 to 1,024, default 16.</summary>
    public int MergeBlocks { get; set; } = 16;

    /// <summary>After so long without a new block, a device's day is merged however few there are. 1 second to 1 day, default 10 minutes.</summary>
    public TimeSpan MergeIdle { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often retention, pruning and idle merging are looked after. 1 second to 1 hour, default 1 minute.</summary>
    public TimeSpan UpkeepInterval { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>Holds the options to their documented ranges and reports every fault at once.</summary>
internal sealed class SqliteStorageOptionsValidator : IValidateOptions<SqliteStorageOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SqliteStorageOptions options)
    {
        var faults = new List<string>();
        if (string.IsNullOrWhiteSpace(options.DataDirectory))
            faults.Add($"{nameof(options.DataDirectory)} must name a directory.");
        Range(nameof(options.QueueLimit), options.QueueLimit, 1, 65_536);
        Range(nameof(options.Readers), options.Readers, 1, 64);
        Range(nameof(options.ReadQueueLimit), options.ReadQueueLimit, 1, 65_536);
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
}
