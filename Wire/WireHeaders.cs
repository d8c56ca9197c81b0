namespace EsoCore.Wire;

/// <summary>Names of the headers that a device and the server exchange.</summary>
public static class WireHeaders
{
    /// <summary>The device's id; sent with every device call.</summary>
    public const string DeviceId = "X-Device-Id";

    /// <summary>The device key's secret; may be left out of a signed request.</summary>
    public const string AuthKey = "X-Auth-Key";

    /// <summary>Another name for <see cref="AuthKey"/>, which some devices in the field send.</summary>
    public const string ApiKey = "X-API-Key";

    /// <summary>The device's clock when it sent the request: RFC 3339 or Unix milliseconds.</summary>
    public const string Timestamp = "X-Timestamp";

    /// <summary>A nonce from the handshake; good once and for 5 minutes.</summary>
    public const string Nonce = "X-Nonce";

    /// <summary>The body signature, <c>v1=&lt;hex&gt;</c>; see <see cref="BodySignature"/>.</summary>
    public const string Signature = "X-Signature";

    /// <summary>The batch id, a UUID; the same for every attempt to send one batch.</summary>
    public const string IdempotencyKey = "Idempotency-Key";

    /// <summary>Hex SHA-256 of the body as sent, that is after compression.</summary>
    public const string ContentSha256 = "Content-SHA256";

    /// <summary>The position after the batch's last record, <c>&lt;file&gt;:&lt;record offset&gt;</c>.</summary>
    public const string UploadCursor = "X-Upload-Cursor";

    /// <summary>Asks the server to correct the records' times: <c>server</c> or <c>server; epoch=&lt;token&gt;</c>.</summary>
    public const string TimeCorrection = "X-Time-Correction";

    /// <summary>Set to <c>true</c> on an answer that was given before and is repeated byte for byte.</summary>
    public const string IdempotencyReplayed = "Idempotency-Replayed";
}
