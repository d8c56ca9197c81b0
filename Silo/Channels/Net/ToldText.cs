using System.Text;
using EsoCore.Notifications;

namespace EsoCore.Silo.Channels.Net;

/// <summary>
/// What a target said, as people may read it. Targets repeat what they were sent (<c>Cannot POST /hook/&lt;token&gt;</c>), and more people
/// read deliveries than may know a channel's secrets: those are taken out before the text is cut.
/// </summary>
internal sealed class ToldText
{
    /// <summary>Characters that are told.</summary>
    public const int MaxLength = 200;

    /// <summary>Stands where a secret was.</summary>
    public const string Hidden = "[hidden]";

    /// <summary>Characters of the least part of an address or a header that is looked for by itself; shorter ones are words.</summary>
    private const int MinPart = 6;

    private readonly string[] _secrets;

    /// <summary>Knows the secrets of a channel.</summary>
    /// <param name="sent">The address as it was sent to, with its placeholders filled in; null: it is no request.</param>
    public ToldText(ChannelSecrets secrets, Uri? sent = null, string? user = null)
    {
        var all = new List<string>();
        if (Uri.TryCreate(secrets.Url, UriKind.Absolute, out var set))
            Add(all, set);
        if (sent is not null)
            Add(all, sent);
        foreach (var value in secrets.Headers?.Values ?? [])
            all.AddRange([value, .. value.Split(' ').Where(part => part.Length >= MinPart)]);
        all.Add(secrets.Secret ?? "");
        if (secrets.Password is { Length: > 0 } password)
            all.AddRange([password, Base64(password), Base64($"\0{user}\0{password}")]);
        // The longest first: a part of one that was taken out already is not found again.
        _secrets = [.. all.Where(secret => secret.Length > 1).Distinct().OrderByDescending(secret => secret.Length)];
    }

    /// <summary>A line of at most <see cref="MaxLength"/> characters without the secrets.</summary>
    public string Of(string text)
    {
        var line = new StringBuilder(text);
        for (var i = 0; i < line.Length; i++)
        {
            if (char.IsControl(line[i]) || line[i] == '\uFFFD')
                line[i] = ' ';
        }

        var told = line.ToString().Trim();
        foreach (var secret in _secrets)
            told = told.Replace(secret, Hidden, StringComparison.OrdinalIgnoreCase);
        return told.Length <= MaxLength ? told : told[..MaxLength] + "…";
    }

    private static void Add(List<string> all, Uri uri)
    {
        string[] whole = [uri.PathAndQuery, uri.AbsolutePath, uri.Query];
        var parts = uri.AbsolutePath.Split('/').Concat(uri.Query.Split('?', '&'))
            .SelectMany(part => new[] { part, part[(part.IndexOf('=') + 1)..] }).Where(part => part.Length >= MinPart);
        foreach (var part in whole.Concat(parts).ToList())
            all.AddRange([part, Uri.UnescapeDataString(part)]);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
