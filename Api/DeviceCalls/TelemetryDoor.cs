using EsoCore.Devices;
using EsoCore.Telemetry;
using EsoCore.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>The ingest door: refuses early and cheaply, and forwards the raw bytes. It never parses a batch; decoding runs where the device lives.</summary>
internal sealed class TelemetryDoor(
    DeviceGate gate,
    DeviceRates rates,
    BodyReader bodies,
    ICredentialCache cache,
    IGrainFactory grains,
    MaintenanceMode maintenance,
    TimeProvider time,
    IOptionsMonitor<ApiOptions> options,
    ILogger<TelemetryDoor> log)
{
    /// <summary>
    /// How soon an engine must have given a call up for the upload to be made once more: later than that, the device has nearly given up
    /// itself.
    /// </summary>
    private static readonly TimeSpan RepeatWithin = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Takes one batch, <c>POST /api/iot/v1/telemetry/batch</c>:
    /// <code>
    ///   (0) rate of the address             429   before routing, see AddressRates
    ///    1  headers                         400, 415
    ///    2  credential                      401, 403   cached; no grain is called for an unverified id
    ///    3  signature                       401   over Content-SHA256 as stated; no byte is read for a caller who is not proven
    ///    4  rate of the device              429   calls a second (in steps 2 and 3), uploads in flight
    ///    5  body, under the byte budget     408, 413, 503
    ///    6  hash of the body as sent        400   it must be the one that was stated, and signed
    ///    7  the device's grain              the batch is taken exactly once; its answer leaves after the commit
    ///    8  outcome to status               200, 400, 401, 403, 409, 413, 500, 503
    /// </code>
    /// The order is that of cost: what comes earlier is cheaper to refuse.
    /// </summary>
    public async Task<IResult> Upload(HttpContext http)
    {
        var settings = options.CurrentValue;
        var retryAfter = TimeSpan.FromSeconds(settings.RetryAfterSeconds);
        if (await maintenance.IsOn())
            return Problems.InMaintenance(retryAfter);

        // 1
        var (headers, faulty) = BatchHeaders.Read(http.Request);
        if (headers is null)
            return faulty!;

        // 2
        var (pass, refused) = await gate.Admit(headers.Device, http);
        if (pass is null)
            return refused!;

        // 3
        if (gate.CheckSignature(pass, http.Request, headers.BodyHash) is { } unsigned)
            return unsigned;

        // 4
        using var inFlight = rates.TryEnterUpload(pass.DeviceId);
        if (inFlight is null)
            return Problems.RateLimited(TimeSpan.FromSeconds(1));

        // 5
        var receivedAt = time.GetUtcNow();
        var (body, unread) = await bodies.Read(http.Request, settings.MaxBatchBytes, retryAfter);
        if (body is null)
            return unread!;
        using var released = body;
        ApiMeters.BodyRead(body.Bytes.Length);

        // 6
        var hash = body.HashHex();
        if (hash != headers.BodyHash)
            return Problems.BadRequest(ProblemCodes.HashMismatch, $"Content-SHA256 is not the hash of the {body.Bytes.Length} bytes that arrived.");

        // 7
        var batch = new BatchUpload(
            new DeviceCall(receivedAt, pass.Nonce), headers.BatchId, hash, headers.Format, headers.ContentEncoding, body.Bytes,
            headers.Cursor, headers.Correction, headers.Device.Clock);
        var answer = await Forward(pass.DeviceId, batch, body);

        // 8
        return ToResult(answer, pass, retryAfter);
    }

    private async Task<UploadAnswer> Forward(Guid deviceId, BatchUpload batch, RentedBody body)
    {
        var started = time.GetTimestamp();
        try
        {
            var answer = await UploadOrRepeat(grains.GetGrain<IDeviceGrain>(deviceId.ToString("D")), batch, time, body.Abandon);
            ApiMeters.Uploaded(answer, time.GetElapsedTime(started));
            return answer;
        }
        catch (Exception e) when (e is not (LimitExceededException or History.StorageUnavailableException))
        {
            body.Abandon(); // After a timeout the grain may still hold the batch in its queue; the buffer must not go to another request.
            throw;
        }
    }

    /// <summary>
    /// Uploads a batch. One without an answer may have gone to a silo that is lost: made once more, it finds the one that has the device
    /// now, and a batch is taken once however often it comes. Not so a nonce, which is good once.
    /// </summary>
    /// <param name="letGo">Called before the repeat: the first call may still be on its way, and its bytes are to stay as they are.</param>
    internal static async Task<UploadAnswer> UploadOrRepeat(IDeviceGrain device, BatchUpload batch, TimeProvider time, Action letGo)
    {
        var started = time.GetTimestamp();
        try
        {
            return await device.Upload(batch);
        }
        catch (TimeoutException) when (batch.Call.Nonce is null && time.GetElapsedTime(started) < RepeatWithin)
        {
            letGo();
            return await device.Upload(batch);
        }
    }

    private IResult ToResult(UploadAnswer answer, DevicePass pass, TimeSpan retryAfter)
    {
        string Detail(string otherwise) => answer.Detail ?? otherwise;
        switch (answer.Outcome)
        {
            case UploadOutcome.Accepted:
                return new BatchAnswer(answer.Body, Replayed: false);
            case UploadOutcome.Replayed:
                return new BatchAnswer(answer.Body, Replayed: true);
            case UploadOutcome.IdempotencyConflict:
                return new Problem(409, ProblemCodes.IdempotencyConflict, Detail("The Idempotency-Key was used for another body."));
            case UploadOutcome.Malformed:
                return Problems.BadRequest(answer.Code ?? ProblemCodes.BadJson, Detail("The batch cannot be read. Nothing was stored."));
            case UploadOutcome.TooLarge:
                return Problems.TooLarge(Detail("The decoded batch is over a limit. Nothing was stored."));
            case UploadOutcome.Unavailable:
                return Problems.Unavailable(Detail("The server cannot store the batch at the moment."), retryAfter);
            case UploadOutcome.UnknownDevice:
            case UploadOutcome.NotActive:
            case UploadOutcome.NonceUsed:
                return DeviceOutcomes.Refusal(answer.Outcome, answer.Code, pass, cache);
            default:
                log.LogError("Unknown upload outcome {Outcome}", answer.Outcome);
                return Problems.Internal;
        }
    }
}

/// <summary>The answer to a batch that was taken: bytes that the grain made, as they are.</summary>
internal sealed record BatchAnswer(ReadOnlyMemory<byte> Body, bool Replayed) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "application/json";
        response.ContentLength = Body.Length;
        if (Replayed)
            response.Headers[WireHeaders.IdempotencyReplayed] = "true";
        await response.Body.WriteAsync(Body, httpContext.RequestAborted);
    }
}

/// <summary>The refusals that a device's grain can ask for, whatever the call.</summary>
internal static class DeviceOutcomes
{
    public static Problem Refusal(UploadOutcome outcome, string? code, DevicePass pass, ICredentialCache cache) => Refusal(
        outcome switch
        {
            UploadOutcome.UnknownDevice => DeviceOutcome.UnknownDevice,
            UploadOutcome.NotActive => DeviceOutcome.NotActive,
            UploadOutcome.NonceUsed => DeviceOutcome.NonceUsed,
            _ => DeviceOutcome.Unavailable,
        },
        code,
        pass,
        cache,
        TimeSpan.Zero);

    /// <param name="code">The grain's own word for the refusal: it knows better than the cached credential why a device may not call.</param>
    public static Problem Refusal(DeviceOutcome outcome, string? code, DevicePass pass, ICredentialCache cache, TimeSpan retryAfter)
    {
        if (outcome is DeviceOutcome.UnknownDevice or DeviceOutcome.NotActive)
            cache.Invalidate(pass.DeviceId); // The cache let it pass: what it holds is out of date.
        return outcome switch
        {
            DeviceOutcome.UnknownDevice => Problems.DeviceUnauthorized,
            DeviceOutcome.NotActive when code == ProblemCodes.DeviceNotClaimed => Problems.NotClaimed,
            DeviceOutcome.NotActive when code == ProblemCodes.DeviceDisabled => Problems.Disabled,
            DeviceOutcome.NotActive => DeviceGate.Inactive(pass.Credential) ?? Problems.Disabled,
            DeviceOutcome.NonceUsed => new Problem(401, ProblemCodes.BadNonce, "The nonce was used before.") { Challenge = Problems.DeviceChallenge },
            DeviceOutcome.Unavailable => Problems.Unavailable("The server cannot store this at the moment.", retryAfter),
            _ => Problems.Internal,
        };
    }
}
