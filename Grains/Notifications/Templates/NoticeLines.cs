using System.Text;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Notices by name, as many as there is room for.</summary>
internal static class NoticeLines
{
    private const string Between = "; ";

    /// <summary>Characters kept free for saying how many more there are.</summary>
    private const int MoreLength = 20;

    /// <summary>A line each, and how many they are.</summary>
    /// <param name="maxLength">Characters of all lines together.</param>
    public static (string Text, int Count) Of(IReadOnlyList<DeliveryNotice> notices, int maxLength)
    {
        var (text, count) = (new StringBuilder(), 0);
        foreach (var notice in notices)
        {
            var line = $"[{notice.Severity}] {TitleOf(notice)}";
            if (text.Length + line.Length + 1 > maxLength)
                break;
            text.Append(count++ == 0 ? "" : "\n").Append(line);
        }

        return (text.ToString(), count);
    }

    /// <summary>Titles in one line, at least the first, and how many more there are.</summary>
    /// <param name="total">Of how many; at least those given.</param>
    /// <param name="maxLength">Characters of the line.</param>
    public static string Names(IReadOnlyList<DeliveryNotice> notices, int total, int maxLength)
    {
        var text = new StringBuilder(Texts.Cut(TitleOf(notices[0]), maxLength - MoreLength));
        var count = 1;
        for (; count < notices.Count; count++)
        {
            var title = TitleOf(notices[count]);
            if (text.Length + Between.Length + title.Length + (count + 1 < total ? MoreLength : 0) > maxLength)
                break;
            text.Append(Between).Append(title);
        }

        return count < total ? $"{text}{Between}and {total - count} more" : text.ToString();
    }

    private static string TitleOf(DeliveryNotice notice) => TemplateContext.Label(notice.Kind) + notice.Title;
}
