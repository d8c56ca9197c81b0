using System.Text.RegularExpressions;
using EsoCore.Grains.Projects;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Checks channels with their secrets as they would stand. Every fault is named, not just the first.</summary>
internal static partial class ChannelValidator
{
    /// <summary>Characters of an address.</summary>
    public const int MaxUrl = 2_048;

    /// <summary>Characters of a password, secret or header.</summary>
    public const int MaxSecret = 1_024;

    /// <summary>Characters of a request's body template.</summary>
    public const int MaxBody = 8_192;

    /// <summary>Request headers.</summary>
    public const int MaxHeaders = 16;

    /// <summary>Characters of the least secret that webhooks are signed with.</summary>
    public const int MinSigningSecret = 16;

    /// <summary>Headers that belong to the connection, not to people.</summary>
    private static readonly ImmutableHashSet<string> OwnHeaders = ImmutableHashSet.Create(StringComparer.OrdinalIgnoreCase,
        "host", "connection", "content-length", "content-type", "transfer-encoding", "upgrade", "te", "trailer", "expect",
        "idempotency-key");

    private static readonly ImmutableArray<string> Securities = ["starttls", "tls", "none"];

    private static readonly ImmutableArray<string> ContentTypes = ["application/json", "application/x-www-form-urlencoded", "text/plain"];

    /// <summary>The faults of a channel.</summary>
    /// <param name="allowPlain">Whether any network may be spoken to without TLS; which, the connection decides.</param>
    public static List<FieldError> Channel(string id, ChannelDefinition channel, ChannelSecrets secrets, bool allowPlain)
    {
        var errors = new List<FieldError>();
        TextRules.Id(errors, "id", id);
        TextRules.Required(errors, "name", channel.Name);
        if (!ChannelKinds.All.Contains(channel.Kind))
            errors.Add(new FieldError("kind", $"must be one of: {string.Join(", ", ChannelKinds.All)}"));
        else if (channel.Kind == ChannelKinds.Email)
            Email(errors, channel.Settings, secrets, allowPlain);
        else
            Http(errors, channel.Kind, channel.Settings, secrets, allowPlain);
        To(errors, channel);
        return errors;
    }

    private static void Email(List<FieldError> errors, ChannelSettings settings, ChannelSecrets secrets, bool allowPlain)
    {
        if (string.IsNullOrEmpty(settings.Host) || settings.Host.Length > 253
            || Uri.CheckHostName(settings.Host) == UriHostNameType.Unknown)
            errors.Add(new FieldError("settings.host", "must be a host name or an address"));
        if (settings.Port is < 1 or > 65_535)
            errors.Add(new FieldError("settings.port", "must be 1 to 65535"));
        if (settings.Security is { } security && !Securities.Contains(security))
            errors.Add(new FieldError("settings.security", $"must be one of: {string.Join(", ", Securities)}"));
        if (settings.Security == "none" && !allowPlain)
            errors.Add(new FieldError(
                "settings.security",
                "must be starttls or tls: the operator allows no network without TLS (EsoCore:Notifications:AllowedNetworks)"));
        if (string.IsNullOrEmpty(settings.From) || !RecipientValidator.IsEmail(settings.From))
            errors.Add(new FieldError("settings.from", "must be a mail address"));
        TextRules.Optional(errors, "settings.user", settings.User, 256);
        Secret(errors, "password", secrets.Password);
        if (!string.IsNullOrEmpty(settings.User) && secrets.Password is null)
            errors.Add(new FieldError("password", "is required with a user"));
    }

    private static void Http(List<FieldError> errors, string kind, ChannelSettings settings, ChannelSecrets secrets, bool allowPlain)
    {
        if (secrets.Url is not { Length: <= MaxUrl } url || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Host.Length == 0
            || uri.Scheme is not ("https" or "http") || uri.UserInfo.Length > 0)
            errors.Add(new FieldError("url", $"must be an https address of at most {MaxUrl} characters, without user and password"));
        else if (uri.Scheme == "http" && !allowPlain)
            errors.Add(new FieldError(
                "url", "must be an https address: the operator allows no network without TLS (EsoCore:Notifications:AllowedNetworks)"));
        if (kind == ChannelKinds.Webhook && secrets.Secret is not { Length: >= MinSigningSecret })
            errors.Add(new FieldError("secret", $"must be {MinSigningSecret} to {MaxSecret} characters: requests are signed with it"));
        Secret(errors, "secret", secrets.Secret);
        if (kind is not (ChannelKinds.Sms or ChannelKinds.Ticket))
            return;

        if (settings.Method is { } method && !(method is "POST" or "PUT" || (method == "GET" && kind == ChannelKinds.Sms)))
            errors.Add(new FieldError("settings.method", kind == ChannelKinds.Sms ? "must be POST, PUT or GET" : "must be POST or PUT"));
        if (settings.ContentType is { } type && !ContentTypes.Contains(type))
            errors.Add(new FieldError("settings.content_type", $"must be one of: {string.Join(", ", ContentTypes)}"));
        if (settings.Body?.Length > MaxBody)
            errors.Add(new FieldError("settings.body", $"must be at most {MaxBody} characters"));
        if (string.IsNullOrEmpty(settings.Body) && settings.Method != "GET")
            errors.Add(new FieldError("settings.body", "is required: what is sent, with placeholders such as {{text}}"));
        Headers(errors, secrets.Headers);
    }

    private static void Headers(List<FieldError> errors, ImmutableSortedDictionary<string, string>? headers)
    {
        if (headers?.Count > MaxHeaders)
            errors.Add(new FieldError("headers", $"must hold at most {MaxHeaders}"));
        foreach (var (name, value) in headers?.Take(MaxHeaders) ?? [])
        {
            if (!HeaderName().IsMatch(name) || OwnHeaders.Contains(name))
                errors.Add(new FieldError($"headers.{name}", "must be the name of a header that a client may set"));
            if (value.Length > MaxSecret || value.Any(c => c is < ' ' or > '~'))
                errors.Add(new FieldError($"headers.{name}", $"must be at most {MaxSecret} printable ASCII characters"));
        }
    }

    private static void To(List<FieldError> errors, ChannelDefinition channel)
    {
        var to = channel.Settings.To;
        if (to.Length > ChannelSettings.MaxTo)
            errors.Add(new FieldError("settings.to", $"must hold at most {ChannelSettings.MaxTo}"));
        if (!to.IsEmpty && channel.Kind is not (ChannelKinds.Email or ChannelKinds.Sms))
            errors.Add(new FieldError("settings.to", "belongs to email and sms only"));
        for (var i = 0; i < Math.Min(to.Length, ChannelSettings.MaxTo); i++)
        {
            if (channel.Kind == ChannelKinds.Email && !RecipientValidator.IsEmail(to[i]))
                errors.Add(new FieldError($"settings.to[{i}]", "must be a mail address"));
            else if (channel.Kind == ChannelKinds.Sms)
                RecipientValidator.Phone(errors, $"settings.to[{i}]", to[i]);
        }
    }

    private static void Secret(List<FieldError> errors, string field, string? value)
    {
        if (value?.Length > MaxSecret || value?.Any(char.IsControl) == true || (value is not null && TextRules.HasLoneSurrogate(value)))
            errors.Add(new FieldError(field, $"must be at most {MaxSecret} characters without control characters"));
    }

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}\\z")]
    private static partial Regex HeaderName();
}
