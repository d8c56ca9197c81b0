using EsoCore.Wire;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary><c>POST auth/handshake</c>: a nonce and the server's time. It needs no key and touches no storage.</summary>
internal static class HandshakeRoute
{
    /// <summary>Bytes that cursors may take in the answer, which as a whole stays within <see cref="Problem.MaxBytes"/>.</summary>
    private const int MaxCursorBytes = 1_600;

    /// <summary>Bytes of a handshake's body: a device id and a time. Anyone may send one, so it is small.</summary>
    private const int MaxBodyBytes = 2_048;

    public static async Task<IResult> Handshake(
        HttpContext http, BodyReader bodies, HandshakeNonces nonces, DeviceGate gate, IGrainFactory grains, TimeProvider time, IOptionsMonitor<ApiOptions> options)
    {
        var headers = new HeaderReader(http.Request.Headers);
        var device = DeviceHeaders.Read(headers);
        if (headers.Problem() is { } faulty)
            return faulty;
        var (body, unread) = await bodies.Read(
            http.Request, MaxBodyBytes, TimeSpan.FromSeconds(options.CurrentValue.RetryAfterSeconds), proven: false);
        if (body is null)
            return unread!;
        using var released = body;
        if (SmallBodies.Parse(http.Request, body, optional: true, out var malformed) is not { } form)
            return malformed!;

        var named = form.Text("device_id", HandshakeNonces.MaxDeviceIdLength);
        if (form.Raw("timestamp") is { } clock && !IsClock(clock))
            form.Fault("timestamp", "must be RFC 3339 with an offset or Z, or Unix milliseconds");
        if (device.DeviceIdText is { } stated && named is not null && !stated.Equals(named, StringComparison.OrdinalIgnoreCase))
            form.Fault("device_id", "is not the one in X-Device-Id");
        if (device.DeviceIdText?.Length > HandshakeNonces.MaxDeviceIdLength)
            form.Fault(WireHeaders.DeviceId, $"is longer than {HandshakeNonces.MaxDeviceIdLength} characters");
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);

        // A nonce for no device opens nothing, but a caller that only wants the time need not know its id.
        var nonce = nonces.Issue(named ?? device.DeviceIdText ?? "");
        var cursors = await Cursors(http, device, gate, grains, body.HashHex());
        return new SmallAnswer<HandshakeAnswer>(new HandshakeAnswer(nonce, time.GetUtcNow(), "1.0.0", cursors));
    }

    /// <summary>The upload cursors, when the caller has shown that it is the device; a wrong key makes no difference beyond their absence.</summary>
    private static async Task<IReadOnlyDictionary<string, long>?> Cursors(
        HttpContext http, DeviceHeaders device, DeviceGate gate, IGrainFactory grains, string bodyHash)
    {
        if (!device.HasCredential)
            return null;
        var (pass, _) = await gate.Admit(device, http);
        if (pass is null || gate.CheckSignature(pass, http.Request, bodyHash) is not null)
            return null;
        var cursors = await grains.GetGrain<Devices.IDeviceGrain>(pass.DeviceId.ToString("D")).GetCursors();
        var room = MaxCursorBytes;
        return cursors.TakeWhile(cursor => (room -= BytesOf(cursor)) >= 0).ToDictionary(cursor => cursor.File, cursor => cursor.Offset);
    }

    /// <summary>What a cursor takes in the answer: its name escaped and in quotes, a colon, its offset and a comma.</summary>
    private static int BytesOf(Telemetry.FileCursor cursor) =>
        System.Text.Json.JsonEncodedText.Encode(cursor.File, ApiJson.Options.Encoder).EncodedUtf8Bytes.Length
        + cursor.Offset.ToString(System.Globalization.CultureInfo.InvariantCulture).Length + 4;

    private static bool IsClock(System.Text.Json.JsonElement value) => value.ValueKind switch
    {
        System.Text.Json.JsonValueKind.Number => value.TryGetInt64(out _),
        System.Text.Json.JsonValueKind.String => Timestamps.TryParseDeviceClock(JsonForm.ReadText(value, 64), out _),
        _ => false,
    };
}

/// <summary>What a handshake is answered with.</summary>
/// <param name="Version">The version of the device protocol.</param>
/// <param name="Cursors">Record offset last committed, by file; only when authenticated, those that moved last first, and cut to what a device has room for.</param>
internal sealed record HandshakeAnswer(
    string Nonce,
    DateTimeOffset ServerTime,
    string Version,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    IReadOnlyDictionary<string, long>? Cursors);
