using System.Globalization;

namespace EsoCore.Api;

/// <summary>ETags are versions: <c>"7"</c>.</summary>
internal static class ETags
{
    /// <summary>A version that nothing ever has: what an If-Match that is not ours asks for.</summary>
    private const long Never = -1;

    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>The version that If-Match names; null when it is absent or <c>*</c>. Weak and foreign tags match nothing, as RFC 9110, 13.1.1 has it.</summary>
    public static long? IfMatch(HttpRequest request)
    {
        var text = request.Headers.IfMatch.ToString().Trim();
        if (text is "" or "*")
            return null;
        return text.Length > 2 && text[0] == '"' && text[^1] == '"'
            && long.TryParse(text.AsSpan(1, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
                ? version
                : Never;
    }

    /// <summary>Whether If-None-Match names this version, so that the answer is 304.</summary>
    public static bool NoneMatchNames(HttpRequest request, long version) =>
        request.Headers.IfNoneMatch.ToString().Split(',', StringSplitOptions.TrimEntries).Any(tag => tag == "*" || tag == Of(version) || tag == "W/" + Of(version));
}
