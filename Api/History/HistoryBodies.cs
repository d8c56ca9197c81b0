using System.Text.Json.Serialization;
using EsoCore.History;

namespace EsoCore.Api;

/// <summary>Points, or buckets where bucket is given.</summary>
internal sealed record PointsBody(IEnumerable<PointRow>? Points, IEnumerable<BucketBody>? Buckets);

/// <summary>Raw points, a page.</summary>
internal sealed record PointList(IEnumerable<PointRow> Points);

/// <summary>Points in buckets, oldest first; empty buckets are left out.</summary>
internal sealed record BucketList(IEnumerable<BucketBody> Buckets);

/// <summary>One bucket; what <c>agg</c> does not ask for is left out.</summary>
internal sealed record BucketBody(
    DateTimeOffset Ts,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Min,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Max,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Avg,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Sum,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Count);

/// <summary>Windows, a page.</summary>
internal sealed record WindowList(IEnumerable<WindowBody> Windows);

/// <summary>One window. The last four are those of a raw window: value = sample x scale, <c>raw</c> in base64.</summary>
internal sealed record WindowBody(
    DateTimeOffset Ts,
    string Metric,
    double? WindowS,
    JsonText Stats,
    long? Samples,
    string? AssetId,
    JsonText Meta,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? RateHz,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Encoding,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Scale,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ReadOnlyMemory<byte>? Raw)
{
    public WindowBody(WindowRow row)
        : this(
            row.Ts, row.Metric, row.WindowS, OrEmpty(row.Stats), row.Samples, row.AssetId, OrEmpty(row.Meta),
            row.Raw?.RateHz, row.Raw?.Encoding, row.Raw?.Scale, row.Raw?.Data)
    {
    }

    private static JsonText OrEmpty(JsonText text) => string.IsNullOrEmpty(text.Value) ? JsonText.EmptyObject : text;
}

/// <summary>Events, newest first, a page.</summary>
internal sealed record EventList(IEnumerable<EventRow> Events);

/// <summary>The batch ledger, newest first, a page.</summary>
internal sealed record BatchList(IEnumerable<BatchRow> Batches);

/// <summary>Rejected records, newest first, a page. <c>record</c> is the text as sent, cut at 4 KiB.</summary>
internal sealed record RejectedList(IEnumerable<RejectedRow> Rejected);
