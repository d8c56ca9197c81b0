using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using EsoCore.Grains.Notifications;

namespace EsoCore.Silo.Channels.Net;

/// <summary>
/// Requests that people have described: placeholders such as <c>{{text}}</c> in the address and the body, escaped for where they stand, so
/// that no message can change the request around it.
/// </summary>
internal static partial class RequestTemplate
{
    private const string Json = "application/json";

    /// <summary>The request of a channel for a message.</summary>
    public static HttpRequestMessage Make(OutgoingMessage message, string text)
    {
        var (settings, secrets) = (message.Access.Settings, message.Access.Secrets);
        var method = new HttpMethod(settings.Method ?? "POST");
        var fields = message.Fields
            .SetItem("to", message.To).SetItem("subject", message.Subject).SetItem("text", text).SetItem("key", message.Key.ToString("D"));
        var request = new HttpRequestMessage(method, Fill(secrets.Url!, fields, Uri.EscapeDataString));
        if (method != HttpMethod.Get)
        {
            var type = settings.ContentType ?? Json;
            request.Content = new StringContent(Fill(settings.Body ?? "", fields, EscapeFor(type)), System.Text.Encoding.UTF8, type);
        }

        foreach (var (name, value) in secrets.Headers ?? ImmutableSortedDictionary<string, string>.Empty)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    /// <summary>Puts values in; a placeholder without one becomes nothing.</summary>
    public static string Fill(string template, IReadOnlyDictionary<string, string> fields, Func<string, string> escape) =>
        Placeholder().Replace(template, match => fields.TryGetValue(match.Groups[1].Value, out var value) ? escape(value) : "");

    private static Func<string, string> EscapeFor(string contentType) => contentType switch
    {
        Json => value => JsonEncodedText.Encode(value).ToString(),
        "application/x-www-form-urlencoded" => Uri.EscapeDataString,
        _ => value => value,
    };

    [GeneratedRegex(@"(?:\{\{|%7B%7B)\s*([a-z_]+)\s*(?:\}\}|%7D%7D)", RegexOptions.IgnoreCase)]
    private static partial Regex Placeholder();
}
