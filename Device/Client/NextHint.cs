using System.Globalization;

namespace EsoCore.Device;

/// <summary>The server's word on when to send the next batch: <c>backoff_ms: 250</c>.</summary>
public static class NextHint
{
    private const string Prefix = "backoff_ms:";

    /// <summary>Reads a hint. Null, and text that is none, mean go on.</summary>
    public static TimeSpan Parse(string? hint) =>
        hint is not null
        && hint.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(hint.AsSpan(Prefix.Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : TimeSpan.Zero;
}
