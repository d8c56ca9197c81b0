using System.Text.Json;
using EsoCore.Grains.Projects;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>A channel as it is stored: what may be shown, and the secrets sealed (base64; empty for none).</summary>
internal sealed record StoredChannel(ChannelDefinition Definition, string Sealed);

/// <summary>The secrets of a channel, between their sealed and their open form.</summary>
internal static class ChannelVault
{
    private const string DefaultSecurity = "starttls";

    /// <summary>Seals secrets for the channel of this key.</summary>
    public static string Seal(IInstallationKeys keys, string grainKey, ChannelSecrets secrets) =>
        Convert.ToBase64String(new SecretSeal(keys).Seal(JsonSerializer.SerializeToUtf8Bytes(secrets, ResourceJson.Options), grainKey));

    /// <summary>The id of the master key that sealed secrets name; null when there are none.</summary>
    public static byte? KeyOf(string sealedSecrets)
    {
        Span<byte> start = stackalloc byte[3];
        return sealedSecrets.Length >= 4 && Convert.TryFromBase64Chars(sealedSecrets.AsSpan(0, 4), start, out _) ? start[0] : null;
    }

    /// <summary>Opens them; null when the master key they name is gone, or they were changed or moved.</summary>
    public static ChannelSecrets? Open(IInstallationKeys keys, string grainKey, string sealedSecrets)
    {
        if (sealedSecrets.Length == 0)
            return new ChannelSecrets();
        var bytes = new byte[sealedSecrets.Length];
        return Convert.TryFromBase64String(sealedSecrets, bytes, out var written)
            && new SecretSeal(keys).Open(bytes.AsSpan(0, written), grainKey) is { } open
                ? JsonSerializer.Deserialize<ChannelSecrets>(open, ResourceJson.Options) : null;
    }

    /// <summary>Puts what is given over what was: null stays, empty goes.</summary>
    public static ChannelSecrets Merge(ChannelSecrets before, ChannelSecrets given) => new(
        Pick(before.Url, given.Url),
        Pick(before.Password, given.Password),
        Pick(before.Secret, given.Secret),
        given.Headers is null ? before.Headers : given.Headers.IsEmpty ? null : given.Headers);

    /// <summary>Whether what was kept for one server, or one user of it, would now be sent to another, or without the TLS it had.</summary>
    public static bool IsElsewhere(ChannelDefinition before, ChannelSecrets kept, ChannelDefinition after, ChannelSecrets merged) =>
        !string.Equals(before.Settings.Host, after.Settings.Host, StringComparison.OrdinalIgnoreCase)
        || before.Settings.Port != after.Settings.Port || (before.Settings.User ?? "") != (after.Settings.User ?? "")
        || (before.Settings.Security ?? DefaultSecurity) != (after.Settings.Security ?? DefaultSecurity)
        || Shown(kept.Url) != Shown(merged.Url);

    /// <summary>
    /// A fault for each kept secret that an edit neither gives anew nor removes. Who may edit a channel but not see its secrets could
    /// otherwise have them sent to a server of their own.
    /// </summary>
    public static IEnumerable<FieldError> Unrenewed(ChannelSecrets kept, ChannelSecrets given)
    {
        const string Why = "must be given anew or removed, because the channel's server, its security or its user changes";
        if (kept.Password is not null && given.Password is null)
            yield return new FieldError("password", Why);
        if (kept.Secret is not null && given.Secret is null)
            yield return new FieldError("secret", Why);
        if (kept.Headers is { IsEmpty: false } && given.Headers is null)
            yield return new FieldError("headers", Why);
    }

    /// <summary>The names of those that are set.</summary>
    public static ImmutableArray<string> Names(ChannelSecrets secrets) =>
    [
        .. secrets.Url is null ? Array.Empty<string>() : ["url"],
        .. secrets.Password is null ? Array.Empty<string>() : ["password"],
        .. secrets.Secret is null ? Array.Empty<string>() : ["secret"],
        .. (secrets.Headers?.Keys ?? []).Select(name => $"headers.{name}"),
    ];

    /// <summary>As much of an address as may be shown: tokens stand behind the host.</summary>
    public static string? Shown(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.GetLeftPart(UriPartial.Authority).Replace(uri.UserInfo + "@", "") : null;

    private static string? Pick(string? before, string? given) => given is null ? before : given.Length == 0 ? null : given;
}
