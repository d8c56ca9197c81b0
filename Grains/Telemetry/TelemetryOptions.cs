using System.ComponentModel.DataAnnotations;

namespace EsoCore.Grains.Telemetry;

/// <summary>Limits on what one batch may hold and on the memory that opening batches takes.</summary>
public sealed class TelemetryOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "EsoCore:Telemetry";

    /// <summary>Series a device can have in its life. A record that would make one more is rejected (<c>series_limit</c>).</summary>
    public const int MaxSeries = 4_096;

    /// <summary>Asset codes a device can name in its life. A record that would name one more is rejected (<c>asset_limit</c>).</summary>
    public const int MaxAssets = 64;

    /// <summary>Rejected records of one batch that are kept for inspection.</summary>
    public const int MaxKeptRejections = 100;

    /// <summary>UTF-16 characters of a rejected record that are kept.</summary>
    public const int MaxKeptRecordLength = 4_096;

    /// <summary>Characters of a metric's, unit's or asset's name.</summary>
    public const int MaxNameLength = 128;

    /// <summary>Characters of a record's <c>meta</c> or <c>stats</c> in canonical form.</summary>
    public const int MaxMetaLength = 4_096;

    /// <summary>Bytes of the samples of one raw window.</summary>
    public const int MaxRawBytes = 1 << 20;

    /// <summary>Levels of nesting in a body.</summary>
    public const int MaxDepth = 32;

    /// <summary>Records of one batch; a larger one is refused (413). Default 50,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxRecords { get; set; } = 50_000;

    /// <summary>Bytes of one body after decompression; a larger one is refused (413). Default 64 MiB.</summary>
    [Range(1 << 10, 1 << 30)]
    public int MaxDecodedBytes { get; set; } = 64 << 20;

    /// <summary>Bytes that all bodies being opened at once may take; past it uploads are refused (503). Default 256 MiB.</summary>
    [Range(1 << 20, 1L << 40)]
    public long DecodeBudgetBytes { get; set; } = 256L << 20;

    /// <summary>A record further ahead of the server's clock is rejected (<c>bad_timestamp</c>). Default one day.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "366.00:00:00")]
    public TimeSpan MaxAhead { get; set; } = TimeSpan.FromDays(1);
}
