using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using EsoCore.Silo.Channels.Net;

namespace EsoCore.Silo.Channels.Webhook;

/// <summary>
/// A signed POST of incident and notices. <c>X-EsoCore-Signature: v1=</c>hex HMAC-SHA256, under the channel's secret, of the timestamp, a
/// dot
/// and the body as sent; <c>X-EsoCore-Timestamp</c> is in Unix seconds, of this attempt: a receiver that refuses old ones is safe from
/// repeats
/// by others, and one that remembers <c>Idempotency-Key</c> from ours.
/// </summary>
internal sealed class WebhookSender(HttpTargets http, TimeProvider time) : IChannelSender
{
    public string Kind => ChannelKinds.Webhook;

    public async Task<SendResult> Send(OutgoingMessage message, CancellationToken cancel)
    {
        var body = Encoding.UTF8.GetBytes(message.Payload);
        var timestamp = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, message.Access.Secrets.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TryAddWithoutValidation("X-EsoCore-Timestamp", timestamp);
        request.Headers.TryAddWithoutValidation("X-EsoCore-Signature", $"v1={Sign(message.Access.Secrets.Secret ?? "", timestamp, body)}");
        return await http.Send(request, message, cancel);
    }

    /// <summary>The signature, in hex.</summary>
    public static string Sign(string secret, string timestamp, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.ASCII.GetBytes(timestamp), (byte)'.', .. body];
        return Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
    }
}
