using EsoCore.Wire;

namespace EsoCore.Grains.Notifications;

/// <summary>Severities as the words that incidents carry.</summary>
internal static class SeverityRank
{
    /// <summary>The word of the gravest.</summary>
    public const string Critical = "critical";

    /// <summary>0 for info to 4 for critical; an unknown word counts as medium.</summary>
    public static int Of(string word) => Severities.TryParse(word, out var severity) ? (int)severity : (int)Severity.Medium;
}
