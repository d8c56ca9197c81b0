namespace EsoCore.Device;

/// <summary>How a device's requests are proven.</summary>
public enum RequestProof
{
    /// <summary>The secret in X-Auth-Key.</summary>
    Secret,

    /// <summary>A signature over headers and body with the device's time; the secret does not travel.</summary>
    Signature,

    /// <summary>A signature that also covers a nonce from the server, for a device whose clock may be wrong. Costs one handshake a request.</summary>
    SignatureWithNonce,
}

/// <summary>How a device talks to its server.</summary>
public sealed record DeviceClientOptions
{
    /// <summary>The server's address; a path in it is kept.</summary>
    public required Uri Server { get; init; }

    /// <summary>How requests are proven; the secret by default. Changes to <see cref="RequestProof.SignatureWithNonce"/> by itself when the server finds the clock wrong.</summary>
    public RequestProof Proof { get; init; } = RequestProof.Secret;

    /// <summary>How long one request may take, 30 s by default; then it counts as a network error.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>X-Time-Correction of each batch, for example <c>server; epoch=3</c>; none by default. The request then carries X-Timestamp.</summary>
    public string? TimeCorrection { get; init; }
}
