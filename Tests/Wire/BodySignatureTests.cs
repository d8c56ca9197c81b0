using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Wire;

public sealed class BodySignatureTests
{
    // Both expected values were computed with OpenSSL:
    //   printf 'esocore-body-signature-v1' | openssl dgst -sha256 -hmac 'device-secret'
    //   printf 'POST\n/api/iot/v1/telemetry/batch\n...' | openssl dgst -sha256 -mac HMAC -macopt hexkey:<the key>
    private const string KeyHex = "c2cf9b1be6ba2acba89a8a037baa3fe6cd23d0a643cd703dd77efa738ca5da01";
    private const string SignatureHex = "ba83d2bc9a402c517e097f7d7454a794f8f8edf02698feabe01b8bc09efd0051";
    private const string EmptyBodySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    private static readonly SignedParts Parts = new(
        "POST", "/api/iot/v1/telemetry/batch", "2025-01-15T14:30:22Z", "nonce-1", "0f8fad5b-d9cb-469f-a165-70867728950e",
        "gzip", "log-1.ndjson:250", "", EmptyBodySha256);

    [Fact]
    public void DeriveKey_AgreesWithOpenSsl() => Assert.Equal(KeyHex, Convert.ToHexStringLower(BodySignature.DeriveKey("device-secret")));

    [Fact]
    public void Compute_AgreesWithOpenSsl() => Assert.Equal(SignatureHex, BodySignature.Compute(Convert.FromHexString(KeyHex), Parts));

    [Fact]
    public void HmacSha256_PublishedVector_Matches()
    {
        // RFC 4231, test case 2: the primitive underneath is the one we mean.
        var mac = System.Security.Cryptography.HMACSHA256.HashData("Jefe"u8, "what do ya want for nothing?"u8);
        Assert.Equal("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", Convert.ToHexStringLower(mac));
    }

    [Fact]
    public void Verify_OwnHeaderValue_IsTrueInEitherCase()
    {
        var key = BodySignature.DeriveKey("device-secret");
        Assert.True(BodySignature.Verify(key, Parts, BodySignature.HeaderValue(key, Parts)));
        Assert.True(BodySignature.Verify(key, Parts, "v1=" + BodySignature.Compute(key, Parts).ToUpperInvariant()));
    }

    [Fact]
    public void Verify_AnyPartChanged_IsFalse()
    {
        var key = BodySignature.DeriveKey("device-secret");
        var value = BodySignature.HeaderValue(key, Parts);
        SignedParts[] others =
        [
            Parts with { Method = "PUT" }, Parts with { PathAndQuery = "/api/iot/v1/telemetry/batch?x=1" }, Parts with { Timestamp = "" }, Parts with { Nonce = "nonce-2" },
            Parts with { IdempotencyKey = "" }, Parts with { ContentEncoding = "" }, Parts with { UploadCursor = "" }, Parts with { TimeCorrection = "server" },
            Parts with { BodySha256Hex = "" }, Parts with { ContentEncoding = "", UploadCursor = "gziplog-1.ndjson:250" },
        ];
        Assert.All(others, other => Assert.False(BodySignature.Verify(key, other, value)));
        Assert.False(BodySignature.Verify(BodySignature.DeriveKey("another"), Parts, value));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("v1=")]
    [InlineData("v1=00")]
    [InlineData("v2=" + SignatureHex)]
    [InlineData(SignatureHex)]
    [InlineData("v1=" + SignatureHex + "0")]
    [InlineData("v1=zz0000000000000000000000000000000000000000000000000000000000000000")]
    public void Verify_MalformedHeader_IsFalse(string? value) => Assert.False(BodySignature.Verify(Convert.FromHexString(KeyHex), Parts, value));
}
