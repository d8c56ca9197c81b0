namespace EsoCore.Wire;

/// <summary>How grave an event is, from least to most.</summary>
public enum Severity
{
    /// <summary>Kept for the record only.</summary>
    Info,

    /// <summary>Worth knowing, nothing to do.</summary>
    Low,

    /// <summary>Somebody should look at it.</summary>
    Medium,

    /// <summary>Work is impaired.</summary>
    High,

    /// <summary>Danger, or work has stopped.</summary>
    Critical,
}

/// <summary>Reads the many words that devices use for a severity, and writes our five.</summary>
public static class Severities
{
    /// <summary>The longest word that can be a severity; longer text is refused without being looked at.</summary>
    private const int MaxWordLength = 9;

    /// <summary>Reads a severity in any case.</summary>
    /// <returns>False for a word that is none; <paramref name="severity"/> is then <see cref="Severity.Medium"/>, the default of an unknown event.</returns>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out Severity severity)
    {
        Span<char> word = stackalloc char[MaxWordLength];
        if (utf8.Length > MaxWordLength)
        {
            severity = Severity.Medium;
            return false;
        }

        for (var i = 0; i < utf8.Length; i++)
            word[i] = (char)utf8[i]; // A byte beyond ASCII matches no word, so it needs no decoding.
        return TryParse(word[..utf8.Length], out severity);
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{byte}, out Severity)"/>
    public static bool TryParse(string? word, out Severity severity) => TryParse(word.AsSpan(), out severity);

    /// <summary>The word under which a severity is kept.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enum.</exception>
    public static string NameOf(Severity severity) => severity switch
    {
        Severity.Info => "info",
        Severity.Low => "low",
        Severity.Medium => "medium",
        Severity.High => "high",
        Severity.Critical => "critical",
        _ => throw new ArgumentOutOfRangeException(nameof(severity), severity, null),
    };

    private static bool TryParse(ReadOnlySpan<char> word, out Severity severity)
    {
        Span<char> lower = stackalloc char[MaxWordLength];
        severity = Severity.Medium;
        if (word.Length > MaxWordLength)
            return false;
        word.ToLowerInvariant(lower);
        Severity? found = lower[..word.Length] switch
        {
            "debug" or "info" => Severity.Info,
            "low" or "notice" => Severity.Low,
            "medium" or "warning" => Severity.Medium,
            "high" or "error" => Severity.High,
            "critical" or "alert" or "emergency" => Severity.Critical,
            _ => null,
        };
        severity = found ?? Severity.Medium;
        return found is not null;
    }
}
