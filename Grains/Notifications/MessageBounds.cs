using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// How much a message through a kind of channel carries. A message about many notices tells the gravest in full, names the next in a line
/// each, and counts the rest.
/// </summary>
/// <param name="Text">Characters of its text.</param>
/// <param name="InFull">Notices told in full.</param>
/// <param name="Lines">Characters of the lines that name further ones, taken together.</param>
internal sealed record MessageBounds(int Text, int InFull, int Lines)
{
    /// <summary>Characters of one incident's text in a message about several.</summary>
    public const int GroupedText = 300;

    /// <summary>Characters of the titles that stand one after the other where there are no lines, as in a text message of 200.</summary>
    public const int Names = 150;

    private static readonly MessageBounds Long = new(65_536, NotificationLimits.ShownNotices, 48_000);

    /// <summary>Slack cuts at 40,000 characters, and most ticket systems at 32,767.</summary>
    private static readonly MessageBounds Middle = new(30_000, NotificationLimits.ShownNotices, 15_000);

    /// <summary>A card of Microsoft Teams holds 28 KB, its JSON and letters of several bytes included.</summary>
    private static readonly MessageBounds Card = new(6_000, 5, 2_600);

    /// <summary>Those of a kind of channel.</summary>
    public static MessageBounds Of(string kind) => kind switch
    {
        ChannelKinds.Slack or ChannelKinds.Ticket => Middle,
        ChannelKinds.Teams => Card,
        _ => Long,
    };
}
