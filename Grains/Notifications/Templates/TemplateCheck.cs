using System.Text.RegularExpressions;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Keeps templates to what is bounded: values, conditions and lists. Partials, decorators and raw blocks are refused, and lists do not
/// stand
/// in lists in lists, so that no template can run for long.
/// </summary>
internal static partial class TemplateCheck
{
    /// <summary>Blocks within blocks.</summary>
    public const int MaxDepth = 8;

    /// <summary>Lists within lists.</summary>
    public const int MaxLoops = 2;

    /// <summary>
    /// Opening parentheses in one tag: compiling what stands in them goes one call deeper for each, and a stack that overflows ends the
    /// process.
    /// </summary>
    public const int MaxOpen = 4;

    private static readonly ImmutableHashSet<string> Conditions = ["if", "unless", "with"];

    /// <summary>What is wrong with a template's text, or null.</summary>
    public static string? Fault(string text, int maxLength)
    {
        if (text.Length > maxLength)
            return $"must be at most {maxLength} characters";
        if (text.Contains("{{{{", StringComparison.Ordinal))
            return "must not hold raw blocks";
        if (text.Contains(@"\{{", StringComparison.Ordinal))
            return @"must not hold \{{: there is no escaping";
        if (HasTagInTag(text))
            return "must not hold {{ within a tag or a comment";
        var loops = new Stack<bool>();
        foreach (Match tag in Tag().Matches(text))
        {
            var (mark, name) = (tag.Groups["mark"].Value, tag.Groups["name"].Value);
            if (mark is ">" or "#>" or "*" or "#*" or "&" or "#&")
                return $"must not hold {{{{{mark}: there are no partials and decorators";
            if (mark != "!" && TagFault(text, tag.Index) is { } fault)
                return fault;
            if (mark == "/")
            {
                if (loops.Count > 0)
                    loops.Pop();
            }
            else if (mark is "#" || (mark is "^" && name.Length > 0))
            {
                loops.Push(!Conditions.Contains(name));
                if (loops.Count > MaxDepth)
                    return $"must not nest more than {MaxDepth} blocks";
                if (loops.Count(isLoop => isLoop) > MaxLoops)
                    return $"must not nest more than {MaxLoops} lists";
            }
        }

        return null;
    }

    /// <summary>
    /// What is wrong within a tag. Its end is looked for as the engine does it, which passes over what is quoted; so nothing quoted may
    /// hold what looks like an end, or a backslash, which might quote a quote.
    /// </summary>
    private static string? TagFault(string text, int start)
    {
        var (open, quote) = (0, '\0');
        for (var i = start; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\\')
                return @"must not hold \ in a tag";
            if (c == '(' && ++open > MaxOpen)
                return $"must not hold more than {MaxOpen} opening parentheses in a tag";
            if (text.AsSpan(i).StartsWith("}}"))
                return quote == '\0' ? null : "must not hold }} within a quoted text";
            if (quote != '\0')
                quote = c == quote ? '\0' : quote;
            else if (c is '"' or '\'' or '[')
                quote = c == '[' ? ']' : c;
        }

        return null; // The engine refuses what has no end.
    }

    /// <summary>Whether a tag begins before the last one has ended: what looks like tags there would be counted and is none.</summary>
    private static bool HasTagInTag(string text)
    {
        for (var at = text.IndexOf("{{", StringComparison.Ordinal); at >= 0;)
        {
            var inner = at + 2;
            while (inner < text.Length && text[inner] == '{')
                inner++;
            var end = text.IndexOf(LongComment().IsMatch(text.AsSpan(inner)) ? "--}}" : "}}", inner, StringComparison.Ordinal);
            var next = text.IndexOf("{{", inner, StringComparison.Ordinal);
            if (next >= 0 && (end < 0 || next < end))
                return true;
            at = next;
        }

        return false;
    }

    /// <summary>Checks both parts.</summary>
    public static void Check(List<FieldError> errors, TemplateDefinition template)
    {
        if (Fault(template.Subject, TemplateDefinition.MaxSubject) is { } subject)
            errors.Add(new FieldError("subject", subject));
        if (Fault(template.Text, TemplateDefinition.MaxText) is { } text)
            errors.Add(new FieldError("text", text));
    }

    [GeneratedRegex(@"^~?\s*!\s*--")]
    private static partial Regex LongComment();

    [GeneratedRegex(@"\{\{\{?~?\s*(?<mark>#>|#\*|#&|[#^/>*&!]?)\s*(?<name>[\w.]*)")]
    private static partial Regex Tag();
}
