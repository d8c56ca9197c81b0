using System.Buffers;
using System.Text;
using EsoCore.Device;
using EsoCore.Tests.Support;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Device;

public sealed class BatchUploaderTests
{
    private static readonly DeviceCredentials Credentials = new("0f8fad5b-d9cb-469f-a165-70867728950e", "device-secret");
    private static readonly Uri Server = new("http://server.test/base");

    private readonly FakeTimeProvider _clock = new();
    private readonly SdCardBuffer _card = new(new MemoryCardStore());

    [Fact]
    public async Task Step_Batch_CarriesEveryHeader()
    {
        var (server, uploader) = Make(_ => FakeServer.Taken(), ContentCoding.Gzip);
        Fill(3);
        Assert.Equal(UploadStep.Sent, await uploader.StepAsync(default));
        Assert.Equal(UploadStep.Idle, await uploader.StepAsync(default));
        var request = Assert.Single(server.Seen);
        Assert.Equal(("POST", "/base/api/iot/v1/telemetry/batch"), (request.Method, request.PathAndQuery));
        Assert.Equal(Credentials.DeviceId, request.Header(WireHeaders.DeviceId));
        Assert.Equal(Credentials.Secret, request.Header(WireHeaders.AuthKey));
        Assert.True(Guid.TryParseExact(request.Header(WireHeaders.IdempotencyKey), "D", out _));
        Assert.Equal(StoredBatch.HashOf(request.Body), request.Header(WireHeaders.ContentSha256));
        Assert.Equal("gzip", request.Header("Content-Encoding"));
        Assert.Equal("application/x-ndjson", request.Header("Content-Type"));
        Assert.EndsWith(":3", request.Header(WireHeaders.UploadCursor), StringComparison.Ordinal);
        Assert.Null(request.Header(WireHeaders.Signature));
        var sink = new ArrayBufferWriter<byte>();
        ContentCodec.Decode(ContentCoding.Gzip, request.Body, sink);
        Assert.Equal(3, sink.WrittenSpan.Count((byte)'\n'));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(0)]
    public async Task Step_NoAnswer_SendsTheSameBytesUnderTheSameKeyAfterTheDelay(int status)
    {
        var attempts = 0;
        var (server, uploader) = Make(_ => ++attempts > 3 ? FakeServer.Taken() : status == 0 ? throw new HttpRequestException("cut") : FakeServer.Problem(status, "x"), ContentCoding.Gzip);
        Fill(3);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(UploadStep.Failed, await uploader.StepAsync(default));
            Fill(1); // More data meanwhile must not change what is sent again.
            Assert.Equal(UploadStep.Waiting, await uploader.StepAsync(default));
            _clock.Advance(uploader.Retry.Remaining);
        }

        Assert.Equal(UploadStep.Sent, await uploader.StepAsync(default));
        Assert.Equal(4, server.Seen.Count);
        var first = server.Seen[0];
        Assert.All(server.Seen, r => Assert.Equal(first.Body, r.Body));
        foreach (var header in new[] { WireHeaders.IdempotencyKey, WireHeaders.ContentSha256, WireHeaders.UploadCursor, "Content-Encoding" })
            Assert.All(server.Seen, r => Assert.Equal(first.Header(header), r.Header(header)));
        Assert.Equal(3, _card.Status.BacklogRecords);
    }

    [Fact]
    public async Task Step_RetryAfter_IsHonouredAsSecondsAndAsADate()
    {
        var date = (_clock.GetUtcNow() + TimeSpan.FromSeconds(90 + 20)).ToString("R");
        var answers = new Queue<HttpResponseMessage>([
            FakeServer.Problem(503, "unavailable", ("Retry-After", "20")),
            FakeServer.Problem(429, "rate_limited", ("Retry-After", date)),
        ]);
        var (_, uploader) = Make(_ => answers.Dequeue());
        Fill(1);
        await uploader.StepAsync(default);
        Assert.Equal(20, uploader.Retry.Remaining.TotalSeconds);
        _clock.Advance(TimeSpan.FromSeconds(20));
        await uploader.StepAsync(default);
        Assert.Equal(90, uploader.Retry.Remaining.TotalSeconds);
    }

    [Fact]
    public async Task Step_NextHintOfAnAnswerOrOfARefusal_IsObeyed()
    {
        var answers = new Queue<HttpResponseMessage>([
            FakeServer.Taken(hint: "backoff_ms: 7000"),
            FakeServer.Json(429, """{"code":"rate_limited","next_hint":"backoff_ms: 30000"}"""),
        ]);
        var (_, uploader) = Make(_ => answers.Dequeue());
        Fill(1);
        Assert.Equal(UploadStep.Sent, await uploader.StepAsync(default));
        Assert.Equal(7, uploader.Retry.Remaining.TotalSeconds);
        Fill(1);
        Assert.Equal(UploadStep.Waiting, await uploader.StepAsync(default));
        _clock.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(UploadStep.Failed, await uploader.StepAsync(default));
        Assert.Equal(30, uploader.Retry.Remaining.TotalSeconds);
    }

    [Fact]
    public async Task Step_FiveFailures_StopTryingWhileBufferingGoesOn()
    {
        var (server, uploader) = Make(_ => throw new HttpRequestException("cut"));
        Fill(1);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(UploadStep.Failed, await uploader.StepAsync(default));
            if (i < 4)
                _clock.Advance(uploader.Retry.Remaining);
        }

        Assert.True(uploader.Retry.IsOpen);
        Fill(10);
        _clock.Advance(TimeSpan.FromSeconds(200));
        Assert.Equal(UploadStep.Waiting, await uploader.StepAsync(default));
        Assert.Equal(5, server.Seen.Count);
        Assert.Equal(11, _card.Status.BacklogRecords);
    }

    [Fact]
    public async Task Step_Replay_CountsAsTaken()
    {
        var (_, uploader) = Make(_ => FakeServer.Json(200, """{"accepted":3,"duplicates":0,"rejected":0,"next_hint":"backoff_ms: 0"}""", ("Idempotency-Replayed", "true")));
        UploadResult? result = null;
        uploader.Attempted = (_, r) => result = r;
        Fill(3);
        Assert.Equal(UploadStep.Sent, await uploader.StepAsync(default));
        Assert.Equal((UploadOutcome.Replayed, 3), (result!.Outcome, result.Accepted));
        Assert.Equal(0, _card.Status.BacklogRecords);
    }

    [Fact]
    public async Task Step_AnswerCutOff_SendsAgain()
    {
        var answers = new Queue<HttpResponseMessage>([FakeServer.Json(200, """{"accepted":3,"""), FakeServer.Taken(3)]);
        var (server, uploader) = Make(_ => answers.Dequeue());
        Fill(3);
        Assert.Equal(UploadStep.Failed, await uploader.StepAsync(default));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(UploadStep.Sent, await uploader.StepAsync(default));
        Assert.Equal(server.Seen[0].Header(WireHeaders.IdempotencyKey), server.Seen[1].Header(WireHeaders.IdempotencyKey));
    }

    [Fact]
    public async Task Step_TooLarge_SendsHalvesUnderNewKeys()
    {
        var (server, uploader) = Make(r => r.Body.Count(b => b == '\n') > 3 ? FakeServer.Problem(413, "too_large") : FakeServer.Taken());
        Fill(10);
        await DrainAllAsync(uploader);
        // Halved until it fits; doubled after each success, so it is tried again now and then.
        Assert.Equal([10, 5, 2, 4, 2, 4, 2, 4, 2, 2], server.Seen.Select(r => r.Body.Count(b => b == '\n')));
        Assert.Equal(0, _card.Status.BacklogRecords);
        Assert.Equal(server.Seen.Count, server.Seen.Select(r => r.Header(WireHeaders.IdempotencyKey)).Distinct().Count());
    }

    [Fact]
    public async Task Step_EncodingNotTaken_FallsBackToGzipThenToNone()
    {
        var coding = ContentCodec.IsAvailable(ContentCoding.Zstd) ? ContentCoding.Zstd : ContentCoding.Gzip;
        var (server, uploader) = Make(r => r.Header("Content-Encoding") is null ? FakeServer.Taken() : FakeServer.Problem(415, "unsupported_encoding"), coding);
        Fill(3);
        await DrainAllAsync(uploader);
        Assert.Equal(0, _card.Status.BacklogRecords);
        Assert.Equal(ContentCoding.Identity, uploader.Coding);
        Assert.Equal(server.Seen.Count, server.Seen.Select(r => r.Header(WireHeaders.IdempotencyKey)).Distinct().Count());
    }

    [Fact]
    public async Task Step_Conflict_TakesANewKey()
    {
        string? refused = null;
        var (server, uploader) = Make(r => (refused ??= r.Header(WireHeaders.IdempotencyKey)) == r.Header(WireHeaders.IdempotencyKey) ? FakeServer.Problem(409, "idempotency_conflict") : FakeServer.Taken());
        Fill(3);
        await DrainAllAsync(uploader);
        Assert.Equal(2, server.Seen.Count);
        Assert.Equal(0, _card.Status.RefusedRecords);
    }

    [Fact]
    public async Task Step_RefusedForGood_PassesOverItAndGoesOn()
    {
        var (server, uploader) = Make(r => Encoding.UTF8.GetString(r.Body).Contains("\"val\":0,", StringComparison.Ordinal) ? FakeServer.Problem(400, "bad_json") : FakeServer.Taken());
        Fill(3);
        await uploader.StepAsync(default);
        _clock.Advance(uploader.Retry.Remaining);
        await uploader.StepAsync(default);
        Assert.Equal(3, _card.Status.RefusedRecords);
        Fill(2);
        await DrainAllAsync(uploader);
        Assert.Equal(0, _card.Status.BacklogRecords);
        Assert.Equal(3, server.Seen.Count);
    }

    [Theory]
    [InlineData(400, "<html>Bad Request</html>")]
    [InlineData(400, """{"code":"of_another_product"}""")]
    [InlineData(404, "")]
    [InlineData(404, """{"code":"not_found"}""")]
    [InlineData(405, "")]
    [InlineData(409, "")]
    [InlineData(413, "<html>Request Entity Too Large</html>")]
    [InlineData(415, "")]
    [InlineData(418, "null")]
    public async Task Step_RefusedByAProxy_KeepsTheBatchAndSendsItAgain(int status, string body)
    {
        var attempts = 0;
        var (server, uploader) = Make(_ => ++attempts > 6 ? FakeServer.Taken() : FakeServer.Json(status, body, ("Retry-After", "400")), ContentCoding.Gzip);
        Fill(1);
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(UploadStep.Failed, await uploader.StepAsync(default));
            Assert.Equal(400, uploader.Retry.Remaining.TotalSeconds);
            _clock.Advance(uploader.Retry.Remaining);
        }

        Assert.Equal(UploadStep.Sent, await uploader.StepAsync(default));
        Assert.Equal(0, _card.Status.RefusedRecords);
        Assert.Single(server.Seen.Select(r => r.Header(WireHeaders.IdempotencyKey)).Distinct());
        Assert.Equal(ContentCoding.Gzip, uploader.Coding);
    }

    [Fact]
    public async Task Step_WrongSecret_KeepsEverything()
    {
        var (_, uploader) = Make(_ => FakeServer.Problem(401, "unauthorized"));
        Fill(3);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(UploadStep.Failed, await uploader.StepAsync(default));
            _clock.Advance(uploader.Retry.Remaining);
        }

        Assert.Equal(3, _card.Status.BacklogRecords);
    }

    [Fact]
    public async Task Step_Signed_VerifiesAndLeavesTheSecretOut()
    {
        var (server, uploader) = Make(_ => FakeServer.Taken(), ContentCoding.Gzip, RequestProof.Signature, correction: "server; epoch=3");
        Fill(3);
        await uploader.StepAsync(default);
        var request = Assert.Single(server.Seen);
        Assert.Null(request.Header(WireHeaders.AuthKey));
        Assert.Equal("server; epoch=3", request.Header(WireHeaders.TimeCorrection));
        AssertSigned(request);
    }

    [Fact]
    public async Task Step_ClockSkew_SignsWithANonceFromThenOn()
    {
        var (server, uploader) = Make(
            r => r.PathAndQuery.EndsWith("handshake", StringComparison.Ordinal) ? FakeServer.Json(200, """{"nonce":"n-1","server_time":"2025-01-15T15:00:00Z","version":"1.0.0"}""")
                : r.Header(WireHeaders.Nonce) is null ? FakeServer.Problem(401, "clock_skew")
                : FakeServer.Taken(),
            proof: RequestProof.Signature);
        Fill(3);
        await DrainAllAsync(uploader);
        Assert.Equal(0, _card.Status.BacklogRecords);
        Assert.Equal("n-1", server.Uploads.Last().Header(WireHeaders.Nonce));
        AssertSigned(server.Uploads.Last());
    }

    [Fact]
    public async Task Step_Cancelled_ThrowsAndKeepsTheBatch()
    {
        using var cancel = new CancellationTokenSource();
        var (_, uploader) = Make(_ =>
        {
            cancel.Cancel();
            throw new OperationCanceledException(cancel.Token);
        });
        Fill(1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => uploader.StepAsync(cancel.Token));
        Assert.Equal(1, _card.Status.BacklogRecords);
    }

    private static void AssertSigned(SeenRequest request)
    {
        var parts = new SignedParts(
            request.Method, request.PathAndQuery, request.Header(WireHeaders.Timestamp) ?? "", request.Header(WireHeaders.Nonce) ?? "",
            request.Header(WireHeaders.IdempotencyKey) ?? "", request.Header("Content-Encoding") ?? "", request.Header(WireHeaders.UploadCursor) ?? "",
            request.Header(WireHeaders.TimeCorrection) ?? "", StoredBatch.HashOf(request.Body));
        Assert.True(BodySignature.Verify(BodySignature.DeriveKey(Credentials.Secret), parts, request.Header(WireHeaders.Signature)));
    }

    private (FakeServer Server, BatchUploader Uploader) Make(
        Func<SeenRequest, HttpResponseMessage> answer, ContentCoding coding = ContentCoding.Identity, RequestProof proof = RequestProof.Secret, string? correction = null)
    {
        var server = new FakeServer(answer);
        var client = new DeviceClient(new HttpClient(server), Credentials, new DeviceClientOptions { Server = Server, Proof = proof, TimeCorrection = correction }, _clock);
        return (server, new BatchUploader(_card, client, new RetryPolicy(_clock, new Random(1)), coding));
    }

    private async Task DrainAllAsync(BatchUploader uploader)
    {
        for (var i = 0; i < 50 && await uploader.DrainAsync(default) != UploadStep.Idle; i++)
            _clock.Advance(uploader.Retry.Remaining);
    }

    private void Fill(int count)
    {
        for (var i = 0; i < count; i++)
            _card.Append(Encoding.UTF8.GetBytes($$"""{"ts":"2025-01-15T14:00:00.000Z","series":"x","val":{{_number++}},"unit":"°C"}"""), RecordPriority.Data);
    }

    private int _number;
}
