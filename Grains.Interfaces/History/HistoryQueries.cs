namespace EsoCore.History;

/// <summary>Which points: null means any. Times are half open, from (included) to (excluded).</summary>
[GenerateSerializer, Immutable, Alias("point-query")]
public sealed record PointQuery(
    Scope Scope, Guid? DeviceId, string? SiteId, string? Metric, string? AssetId, DateTimeOffset? From, DateTimeOffset? To);

/// <summary>Points in buckets of a width, in whole seconds.</summary>
[GenerateSerializer, Immutable, Alias("bucket-query")]
public sealed record BucketQuery(PointQuery Points, TimeSpan Width)
{
    /// <summary>Buckets an answer holds at most; a query that would give more is refused.</summary>
    public const int MaxBuckets = 10_000;
}

/// <summary>Which windows: null means any.</summary>
[GenerateSerializer, Immutable, Alias("window-query")]
public sealed record WindowQuery(Scope Scope, Guid DeviceId, string? Metric, string? AssetId, DateTimeOffset? From, DateTimeOffset? To);

/// <summary>Which events: null means any.</summary>
[GenerateSerializer, Immutable, Alias("event-query")]
public sealed record EventQuery(
    Scope Scope,
    Guid? DeviceId,
    string? SiteId,
    string? AssetId,
    string? Type,
    string? Category,
    string? Severity,
    DateTimeOffset? From,
    DateTimeOffset? To);

/// <summary>One point.</summary>
[GenerateSerializer, Immutable, Alias("point-row")]
public sealed record PointRow(DateTimeOffset Ts, Guid DeviceId, string Metric, double Value, string? Unit, string? AssetId, JsonText Meta);

/// <summary>One bucket that has points. <paramref name="Sum"/> / <paramref name="Count"/> is the average.</summary>
[GenerateSerializer, Immutable, Alias("bucket-row")]
public sealed record BucketRow(DateTimeOffset Ts, double Min, double Max, double Sum, long Count);

/// <summary>One window. A raw window has <paramref name="Raw"/> instead of (or beside) <paramref name="Stats"/>.</summary>
[GenerateSerializer, Immutable, Alias("window-row")]
public sealed record WindowRow(
    DateTimeOffset Ts, string Metric, double? WindowS, JsonText Stats, long? Samples, string? AssetId, JsonText Meta, RawWindow? Raw);

/// <summary>The samples of a raw window: value = sample x scale.</summary>
[GenerateSerializer, Immutable, Alias("raw-window")]
public sealed record RawWindow(double RateHz, string Encoding, double Scale, ReadOnlyMemory<byte> Data);

/// <summary>One event. <paramref name="ResolvedAt"/>: when the restoring event came, where the event has one.</summary>
[GenerateSerializer, Immutable, Alias("event-row")]
public sealed record EventRow(
    Guid Id,
    DateTimeOffset Ts,
    Guid DeviceId,
    string EventType,
    string? Category,
    string Severity,
    string? Description,
    double? DurationMs,
    string? AssetId,
    JsonText Meta,
    DateTimeOffset? ResolvedAt);

/// <summary>One batch of the ledger.</summary>
[GenerateSerializer, Immutable, Alias("batch-row")]
public sealed record BatchRow(Guid BatchId, string BodyHash, int Accepted, int Duplicates, int Rejected, DateTimeOffset ReceivedAt);

/// <summary>One rejected record, as sent (cut at 4 KiB).</summary>
[GenerateSerializer, Immutable, Alias("rejected-row")]
public sealed record RejectedRow(Guid BatchId, int Index, string Code, string Detail, string Record, DateTimeOffset ReceivedAt);
