using System.Text.Json.Serialization;
using EsoCore.Devices;

namespace EsoCore.Api;

/// <summary>The calls that devices make, <c>/api/iot/v1</c>.</summary>
internal static class DeviceCallEndpoints
{
    private const string Tag = "Device calls";

    public static void MapDeviceCalls(this IEndpointRouteBuilder app)
    {
        var calls = app.MapGroup("/api/iot/v1");
        calls.MapPost("/auth/handshake", HandshakeRoute.Handshake)
            .Doc("handshake", Tag, "A nonce and the server's time", doc => doc
                .Says("Needs no key. An authenticated caller gets its upload cursors too.")
                .Device(keyRequired: false)
                .Takes<HandshakeBody>(optional: true)
                .Answers(ApiExamples.Handshake))
            .Gives<HandshakeAnswer>();
        calls.MapPost("/telemetry/batch", (HttpContext http, TelemetryDoor door) => door.Upload(http))
            .Doc("uploadBatch", Tag, "Upload a batch, taken exactly once", DescribeBatch)
            .Gives<BatchAnswerBody>();
        calls.MapGet("/config", ConfigRoute.Get)
            .Doc("getDeviceConfig", Tag, "The configuration in force for the device", doc => doc
                .Device()
                .ETag()
                .Header("If-None-Match", "The ETag held, which is the configuration version; 304 when it is still in force.")
                .Answers(ApiExamples.Config))
            .Gives<DeviceConfigBody>()
            .Gives(StatusCodes.Status304NotModified);
        calls.MapGet("/ota/check", OtaRoutes.Check)
            .Doc("checkOta", Tag, "Which firmware the device should run", doc => doc
                .Device()
                .Query("version", "The version that runs.")
                .Answers(ApiExamples.OtaCheck))
            .Gives<OtaCheckBody>();
        calls.MapPost("/ota/report", OtaRoutes.Report)
            .Doc("reportOta", Tag, "Report a step of a firmware update", doc => doc
                .Says("status: downloading, downloaded, installing, rebooting, completed (or success), failed (or failure), rollback.")
                .Device()
                .Takes<OtaReportBody>()
                .Example("completed", "An update that went well", ApiExamples.OtaReport))
            .Gives<OtaReported>();
        calls.MapPost("/heartbeat", HeartbeatRoute.Post)
            .Doc("heartbeat", Tag, "A sign of life, and what the device says of itself", doc => doc
                .Device()
                .Takes<HeartbeatBody>(optional: true)
                .Example("whole", "All that a heartbeat can tell", ApiExamples.Heartbeat)
                .Answers(ApiExamples.HeartbeatAnswer))
            .Gives<HeartbeatAnswer>();
    }

    private static void DescribeBatch(RouteDoc doc) => doc
        .Says("The body is a JSON array of records, an envelope with records, or newline-delimited records, plain or compressed. "
            + "The same key and body again get the first answer, byte for byte, with Idempotency-Replayed: true.")
        .Device()
        .Header("Idempotency-Key", "The batch id.", required: true, "uuid")
        .Header("Content-SHA256", "Hex SHA-256 of the body as sent.", required: true)
        .Header("Content-Encoding", "gzip, zstd, lz4 (frame) or none.")
        .Header("X-Upload-Cursor", "<file>:<record offset>, the position after the batch's last record.")
        .Header("X-Time-Correction", "server or server; epoch=<token>: correct the records' times by the measured skew.")
        .Takes<BatchBody>(optional: false, "application/json", RouteDoc.NdJson)
        .Refuses(409)
        .Example("array", "An array of records, in either dialect", ApiExamples.Batch)
        .Example("envelope", "An envelope", ApiExamples.Envelope)
        .Example("event", "An event", ApiExamples.Event)
        .Example("window", "A window of statistics and a raw one", ApiExamples.Windows)
        .Example("cycle", "A cycle of a machine", ApiExamples.Cycle)
        .Answers(ApiExamples.BatchAnswer);
}

/// <summary>What a handshake may carry.</summary>
/// <param name="Timestamp">The device's clock, RFC 3339 or Unix milliseconds.</param>
internal sealed record HandshakeBody(string? DeviceId, JsonText? Timestamp);

/// <summary>An envelope of records; the array alone is taken too.</summary>
/// <param name="BatchId">When there, the same as Idempotency-Key.</param>
/// <param name="SentAt">The device's clock, where X-Timestamp does not tell it.</param>
internal sealed record BatchBody(Guid? BatchId, DateTimeOffset? SentAt, ImmutableArray<RecordBody> Records);

/// <summary>One record, in either dialect: ts, series, val or timestamp, metric, value. A number makes a point, stats or raw a window, a known name or meta.event_type an event.</summary>
/// <param name="Val">The value; null in an event.</param>
/// <param name="WindowS">Seconds of a window.</param>
/// <param name="Samples">Samples of a window.</param>
/// <param name="RateHz">Of a raw window.</param>
/// <param name="Encoding">Of a raw window: i16le and the like.</param>
/// <param name="Scale">Of a raw window: value = sample x scale.</param>
/// <param name="Raw">Of a raw window, base64.</param>
/// <param name="Crc32">Hex CRC-32 of the record without it.</param>
internal sealed record RecordBody(
    DateTimeOffset? Ts,
    DateTimeOffset? Timestamp,
    string? Series,
    string? Metric,
    double? Val,
    double? Value,
    string? Unit,
    string? AssetId,
    string? SiteId,
    string? DeviceId,
    JsonText? Meta,
    double? WindowS,
    JsonText? Stats,
    long? Samples,
    double? RateHz,
    string? Encoding,
    double? Scale,
    string? Raw,
    [property: JsonPropertyName("crc32")] string? Crc32);

/// <summary>What became of a batch.</summary>
/// <param name="NextHint"><c>backoff_ms: 0</c> means go on, more means wait.</param>
/// <param name="Errors">Rejected records, cut to fit 2,048 bytes.</param>
internal sealed record BatchAnswerBody(
    int Accepted, int Duplicates, int Rejected, string NextHint, string? Cursor, long ConfigVersion, ImmutableArray<RecordErrorBody>? Errors);

/// <summary>Why a record was rejected.</summary>
internal sealed record RecordErrorBody(int Index, string Code, string Detail);

/// <summary>A device's configuration; further settings stand beside these.</summary>
/// <param name="SamplingScale">How much of the sampling is kept, when not all of it; the rates here are scaled already.</param>
internal sealed record DeviceConfigBody(
    long ConfigVersion,
    ImmutableSortedDictionary<string, double> SamplingRates,
    ImmutableSortedDictionary<string, double> WindowSizes,
    ImmutableSortedDictionary<string, JsonText> Thresholds,
    ImmutableArray<string> NtpServers,
    ImmutableSortedDictionary<string, string> Endpoints,
    int UploadIntervalS,
    double? SamplingScale) : IHasFurtherMembers;

/// <summary>The firmware on offer, or (available false) none.</summary>
internal sealed record OtaCheckBody(
    bool Available,
    string? CurrentVersion,
    string? Version,
    string? Hash,
    long? Size,
    string? Signature,
    string? DownloadUrl,
    string? ReleaseNotes,
    bool? Mandatory);

/// <summary>A step of a firmware update.</summary>
internal sealed record OtaReportBody(string Status, string? Version, string? Error, string? Slot);

/// <summary>What a heartbeat may tell; whatever is absent leaves the twin as it is.</summary>
internal sealed record HeartbeatBody(
    string? Status, string? FirmwareVersion, long? UptimeS, long? ConfigVersion, string? ConfigError, SdHealth? Sd, Backlog? Backlog);
