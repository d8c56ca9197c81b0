namespace EsoCore;

/// <summary>What every room does with texts.</summary>
public static class Texts
{
    /// <summary>
    /// A text of at most so many characters (UTF-16): a longer one is cut and ends in an ellipsis. Never cut inside a surrogate pair, half
    /// of which could not be written as UTF-8; the text is a character shorter then.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="max">Characters, 1 or more, the ellipsis among them.</param>
    public static string Cut(string text, int max)
    {
        if (text.Length <= max)
            return text;
        var end = max - 1;
        return text[..(end > 0 && char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)] + "…";
    }
}
