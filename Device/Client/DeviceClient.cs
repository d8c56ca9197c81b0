using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>A call other than an upload was not answered as it should be.</summary>
public sealed class DeviceCallException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// One device's calls to its server. It makes a single attempt and says what came of it: when to try again is decided by <see cref="RetryPolicy"/>.
/// Not for several calls of one device at once, except that any call may run beside an upload.
/// </summary>
/// <param name="http">Shared between devices; its own timeout should be off, since the options' applies. Not disposed.</param>
/// <param name="credentials">Who the device is.</param>
/// <param name="options">How to talk.</param>
/// <param name="time">The device's clock.</param>
public sealed class DeviceClient(HttpClient http, DeviceCredentials credentials, DeviceClientOptions options, TimeProvider time)
{
    private const string Root = "api/iot/v1/";

    /// <summary>An answer to a device stays within 2 KiB; a configuration may be longer. More than this is not for us.</summary>
    private const int MaxAnswerBytes = 64 * 1024;

    private static readonly MediaTypeHeaderValue Ndjson = new("application/x-ndjson");
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly Uri _root = new(options.Server.AbsoluteUri.TrimEnd('/') + "/" + Root);
    private readonly byte[] _signingKey = BodySignature.DeriveKey(credentials.Secret);
    private EntityTagHeaderValue? _configTag;
    private RequestProof _proof = options.Proof;

    /// <summary>How requests are proven now.</summary>
    public RequestProof Proof => _proof;

    /// <summary>From now on every request is signed with a nonce: for a clock that the server does not trust.</summary>
    public void DistrustOwnClock() => _proof = RequestProof.SignatureWithNonce;

    /// <summary>Fetches a nonce and the server's time. With the secret also the cursors.</summary>
    /// <exception cref="DeviceCallException">No answer, or not the documented one.</exception>
    public async Task<Handshake> HandshakeAsync(CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new HandshakeRequest(credentials.DeviceId, Timestamp()), DeviceJson.Default.HandshakeRequest);
        // With a nonce as proof there is none yet, so such a device asks without proof and gets no cursors.
        var proof = _proof == RequestProof.SignatureWithNonce ? null : (RequestProof?)_proof;
        return await CallAsync(HttpMethod.Post, "auth/handshake", body, proof, DeviceJson.Default.Handshake, cancellation);
    }

    /// <summary>Sends a batch once.</summary>
    /// <param name="batch">The same object, or one read back from the card, for each attempt.</param>
    /// <param name="cancellation">Cancels the attempt; the batch may be stored all the same.</param>
    /// <returns>Every outcome, network errors included; only cancellation by the caller throws.</returns>
    public async Task<UploadResult> UploadAsync(StoredBatch batch, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        using var timeout = Timeout(cancellation, out var link);
        using (link)
        {
            try
            {
                using var request = Request(HttpMethod.Post, "telemetry/batch", batch.Body, Ndjson);
                AddBatchHeaders(request, batch);
                await AuthenticateAsync(request, batch.Sha256Hex, _proof, link.Token);
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, link.Token);
                return ReadUpload(response, await ReadAsync(response, link.Token)) with { Took = time.GetElapsedTime(started) };
            }
            catch (Exception e) when (IsNetworkError(e, cancellation))
            {
                return new UploadResult { Outcome = UploadOutcome.NetworkError, Detail = e.Message, Took = time.GetElapsedTime(started) };
            }
        }
    }

    /// <summary>Fetches the configuration if it changed since the last call.</summary>
    /// <returns>Null when it did not change.</returns>
    /// <exception cref="DeviceCallException">No answer, or not the documented one.</exception>
    public async Task<DeviceConfig?> GetConfigAsync(CancellationToken cancellation)
    {
        var (document, tag) = await SendAsync(HttpMethod.Get, "config", null, _proof, _configTag, DeviceJson.Default.JsonElement, cancellation);
        if (document.ValueKind == JsonValueKind.Undefined)
            return null;
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty("config_version", out var number) || !number.TryGetInt64(out var version))
            throw new DeviceCallException("The configuration has no config_version.");
        _configTag = tag; // Only now: a document that could not be read must be fetched again.
        return new DeviceConfig(version, document);
    }

    /// <summary>Tells how the device is.</summary>
    /// <exception cref="DeviceCallException">No answer, or not the documented one.</exception>
    public Task<HeartbeatAnswer> HeartbeatAsync(Heartbeat heartbeat, CancellationToken cancellation) =>
        CallAsync(HttpMethod.Post, "heartbeat", JsonSerializer.SerializeToUtf8Bytes(heartbeat, DeviceJson.Default.Heartbeat), _proof, DeviceJson.Default.HeartbeatAnswer, cancellation);

    /// <summary>Asks for newer firmware.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="DeviceCallException">No answer, or not the documented one.</exception>
    public async Task<FirmwareOffer?> CheckFirmwareAsync(string runningVersion, CancellationToken cancellation)
    {
        var answer = await CallAsync(HttpMethod.Get, "ota/check?version=" + Uri.EscapeDataString(runningVersion), null, _proof, DeviceJson.Default.OtaCheckAnswer, cancellation);
        if (!answer.Available)
            return null;
        if (answer.Version is null || answer.Hash is null || answer.DownloadUrl is null || answer.Size <= 0)
            throw new DeviceCallException("The firmware offer lacks version, hash, size or download_url.");
        return new FirmwareOffer(answer.Version, answer.Hash, answer.Size, answer.Signature, answer.DownloadUrl, answer.ReleaseNotes, answer.Mandatory);
    }

    /// <summary>Tells how far an update is.</summary>
    /// <exception cref="DeviceCallException">No answer, or not the documented one.</exception>
    public Task ReportFirmwareAsync(FirmwareReport report, CancellationToken cancellation) =>
        CallAsync(HttpMethod.Post, "ota/report", JsonSerializer.SerializeToUtf8Bytes(report, DeviceJson.Default.FirmwareReport), _proof, DeviceJson.Default.JsonElement, cancellation);

    private async Task<T> CallAsync<T>(
        HttpMethod method, string path, byte[]? body, RequestProof? proof, JsonTypeInfo<T> type, CancellationToken cancellation) =>
        (await SendAsync(method, path, body, proof, null, type, cancellation)).Value is { } value
            ? value
            : throw new DeviceCallException($"{method} {path} was answered with nothing.");

    private async Task<(T? Value, EntityTagHeaderValue? Tag)> SendAsync<T>(
        HttpMethod method, string path, byte[]? body, RequestProof? proof, EntityTagHeaderValue? known, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using var timeout = Timeout(cancellation, out var link);
        using (link)
        {
            try
            {
                using var request = Request(method, path, body, Json);
                if (known is not null)
                    request.Headers.IfNoneMatch.Add(known);
                if (proof is { } needed)
                    await AuthenticateAsync(request, StoredBatch.HashOf(body), needed, link.Token);
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, link.Token);
                if (response.StatusCode == HttpStatusCode.NotModified)
                    return (default, known);
                var answer = await ReadAsync(response, link.Token);
                if (!response.IsSuccessStatusCode)
                    throw new DeviceCallException($"{method} {path} was refused with {(int)response.StatusCode} {TryRead(answer, DeviceJson.Default.ProblemAnswer)?.Code}.");
                return (JsonSerializer.Deserialize(answer, type), response.Headers.ETag);
            }
            catch (Exception e) when (e is JsonException || IsNetworkError(e, cancellation))
            {
                throw new DeviceCallException($"{method} {path} failed: {e.Message}", e);
            }
        }
    }

    private HttpRequestMessage Request(HttpMethod method, string path, byte[]? body, MediaTypeHeaderValue mediaType)
    {
        var request = new HttpRequestMessage(method, new Uri(_root, path));
        request.Headers.TryAddWithoutValidation(WireHeaders.DeviceId, credentials.DeviceId);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = mediaType;
        }

        return request;
    }

    private void AddBatchHeaders(HttpRequestMessage request, StoredBatch batch)
    {
        if (batch.Coding != ContentCoding.Identity)
            request.Content!.Headers.ContentEncoding.Add(ContentCodec.NameOf(batch.Coding));
        request.Headers.Add(WireHeaders.IdempotencyKey, batch.Id.ToString());
        request.Headers.Add(WireHeaders.ContentSha256, batch.Sha256Hex);
        request.Headers.Add(WireHeaders.UploadCursor, batch.Cursor);
        if (options.TimeCorrection is null)
            return;
        request.Headers.Add(WireHeaders.TimeCorrection, options.TimeCorrection);
        request.Headers.Add(WireHeaders.Timestamp, Timestamp());
    }

    private async Task AuthenticateAsync(HttpRequestMessage request, string bodySha256, RequestProof proof, CancellationToken cancellation)
    {
        if (proof == RequestProof.Secret)
        {
            request.Headers.TryAddWithoutValidation(WireHeaders.AuthKey, credentials.Secret);
            return;
        }

        if (!request.Headers.Contains(WireHeaders.Timestamp))
            request.Headers.Add(WireHeaders.Timestamp, Timestamp());
        if (proof == RequestProof.SignatureWithNonce)
            request.Headers.TryAddWithoutValidation(WireHeaders.Nonce, (await HandshakeAsync(cancellation)).Nonce);
        var parts = new SignedParts(
            request.Method.Method,
            request.RequestUri!.PathAndQuery,
            Header(WireHeaders.Timestamp),
            Header(WireHeaders.Nonce),
            Header(WireHeaders.IdempotencyKey),
            string.Join(", ", request.Content?.Headers.ContentEncoding ?? []),
            Header(WireHeaders.UploadCursor),
            Header(WireHeaders.TimeCorrection),
            bodySha256);
        request.Headers.Add(WireHeaders.Signature, BodySignature.HeaderValue(_signingKey, parts));

        string Header(string name) => request.Headers.TryGetValues(name, out var values) ? values.First() : "";
    }

    private UploadResult ReadUpload(HttpResponseMessage response, byte[] body)
    {
        var status = (int)response.StatusCode;
        if (status == 200)
        {
            if (TryRead(body, DeviceJson.Default.BatchAnswer) is not { } answer)
                return new UploadResult { Outcome = UploadOutcome.NetworkError, Status = status, Detail = "The answer cannot be read; a proxy may stand in between." };
            return new UploadResult
            {
                Outcome = response.Headers.Contains(WireHeaders.IdempotencyReplayed) ? UploadOutcome.Replayed : UploadOutcome.Accepted,
                Status = status,
                Accepted = answer.Accepted,
                Duplicates = answer.Duplicates,
                Rejected = answer.Rejected,
                Backoff = NextHint.Parse(answer.NextHint),
                ConfigVersion = answer.ConfigVersion,
                Errors = answer.Errors ?? [],
            };
        }

        var problem = TryRead(body, DeviceJson.Default.ProblemAnswer);
        var (retryAfter, hint) = (RetryAfter(response), NextHint.Parse(problem?.NextHint));
        return new UploadResult
        {
            Outcome = OutcomeOf(status, problem?.Code),
            Status = status,
            Backoff = retryAfter > hint ? retryAfter : hint,
            Code = problem?.Code,
            Detail = problem?.Detail ?? problem?.Title,
        };
    }

    private static UploadOutcome OutcomeOf(int status, string? code) => status switch
    {
        401 when code == ProblemCodes.ClockSkew => UploadOutcome.ClockSkew,
        401 or 403 => UploadOutcome.Unauthorized,
        408 => UploadOutcome.NetworkError, // The server gave up on a slow body: what a cut connection would have been.
        409 when code == ProblemCodes.IdempotencyConflict => UploadOutcome.Conflict,
        413 => UploadOutcome.TooLarge,
        415 when code is ProblemCodes.UnsupportedEncoding or ProblemCodes.UnsupportedMediaType => UploadOutcome.UnsupportedEncoding,
        429 => UploadOutcome.RateLimited,
        503 => UploadOutcome.Unavailable,
        >= 500 => UploadOutcome.ServerError,
        400 when IsFinal(code) => UploadOutcome.Refused,
        // A redirect, another 2xx, or a 4xx without a code of this route (a load balancer's 404, a proxy's 400) is no answer of this protocol.
        _ => UploadOutcome.NetworkError,
    };

    private static bool IsFinal(string? code) => code is
        ProblemCodes.MissingHeader or ProblemCodes.MalformedHeader or ProblemCodes.HashMismatch or ProblemCodes.BadCompression or ProblemCodes.BadJson
        or ProblemCodes.BadEnvelope or ProblemCodes.BatchIdMismatch or ProblemCodes.NoDeviceTime or ProblemCodes.BadRequest;

    private TimeSpan RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => TimeSpan.Zero,
    };

    private string Timestamp() => time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private CancellationTokenSource Timeout(CancellationToken cancellation, out CancellationTokenSource link)
    {
        var timeout = new CancellationTokenSource(options.RequestTimeout, time);
        link = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        return timeout;
    }

    private static bool IsNetworkError(Exception e, CancellationToken cancellation) =>
        e is HttpRequestException or IOException or DeviceCallException || (e is OperationCanceledException && !cancellation.IsCancellationRequested);

    private static T? TryRead<T>(byte[] body, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[MaxAnswerBytes];
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        return read == buffer.Length ? throw new IOException($"The answer is longer than {MaxAnswerBytes} bytes.") : buffer[..read];
    }
}
