using System.Globalization;

namespace EsoCore.Feed;

/// <summary>A place in a project's feed. As text <c>epoch-sequence</c>.</summary>
/// <param name="Epoch">Another one after everything held was lost; places of different epochs cannot be compared.</param>
/// <param name="Sequence">+1 with each entry.</param>
[GenerateSerializer, Immutable, Alias("feed-position")]
public readonly record struct FeedPosition(long Epoch, long Sequence)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Epoch:x}-{Sequence}");

    /// <summary>Reads what <see cref="ToString"/> wrote; null when it is none.</summary>
    public static FeedPosition? Parse(string text)
    {
        var dash = text.IndexOf('-');
        return dash > 0
            && long.TryParse(text.AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var epoch)
            && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? new FeedPosition(epoch, sequence) : null;
    }
}
