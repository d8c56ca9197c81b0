using System.Text;
using EsoCore.Notifications;
using HandlebarsDotNet;

namespace EsoCore.Grains.Notifications;

/// <summary>What came of a template.</summary>
/// <param name="Fault">Why the built-in text stands here instead of the project's own, or null.</param>
internal sealed record RenderedText(string Subject, string Text, string? Fault);

/// <summary>
/// Makes texts of templates and data. Texts are plain, so nothing is escaped here: each channel escapes for what it speaks. Compiled
/// templates are kept, because compiling one takes milliseconds.
/// </summary>
internal sealed class TemplateRenderer
{
    /// <summary>Compiled templates held; beyond it all are forgotten.</summary>
    private const int MaxCompiled = 500;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, HandlebarsTemplate<TextWriter, object, object>> _compiled = new(StringComparer.Ordinal);
    private readonly IHandlebars _handlebars = Handlebars.Create(new HandlebarsConfiguration { NoEscape = true });

    /// <summary>Renders; when <paramref name="own"/> fails, the built-in template of <paramref name="id"/>.</summary>
    /// <param name="maxText">Characters of the text.</param>
    public RenderedText Render(
        string id, TemplateDefinition? own, Dictionary<string, object?> data, int maxText = NotificationLimits.Text)
    {
        string? fault = null;
        if (own is { BuiltIn: false })
        {
            try
            {
                return Make(own, data, null, maxText);
            }
            catch (Exception error)
            {
                // Handlebars throws many kinds for what people write; a broken template costs its words, never the message.
                fault = error is TextOverflowException or LoopOverflowException ? error.Message : $"the template fails: {error.Message}";
            }
        }

        try
        {
            return Make(DefaultTemplates.All[id], data, fault, maxText);
        }
        catch (Exception error)
        {
            // Data that nobody foresaw. Rather a bare message than none, and than a notifier that fails on it again and again.
            var title = Cut(OneLine(data["title"]?.ToString() ?? "An incident"), NotificationLimits.Subject);
            return new RenderedText(title, title, fault ?? error.Message);
        }
    }

    /// <summary>What is wrong with a template: its form, and whether it makes a text of sample data.</summary>
    public List<FieldError> Faults(TemplateDefinition template)
    {
        var errors = new List<FieldError>();
        TemplateCheck.Check(errors, template);
        if (string.IsNullOrWhiteSpace(template.Text))
            errors.Add(new FieldError("text", "is required"));
        if (errors.Count > 0)
            return errors;
        var sample = TemplateContext.Sample(DefaultTemplates.Group);
        Try(errors, "subject", () => Make(template.Subject, sample, NotificationLimits.Text));
        Try(errors, "text", () => Make(template.Text, sample, NotificationLimits.Text));
        return errors;
    }

    private static void Try(List<FieldError> errors, string field, Action render)
    {
        try
        {
            render();
        }
        catch (Exception error)
        {
            errors.Add(new FieldError(field,
                error is TextOverflowException or LoopOverflowException ? error.Message : $"is no template: {error.Message}"));
        }
    }

    private RenderedText Make(TemplateDefinition template, Dictionary<string, object?> data, string? fault, int maxText)
    {
        if (!template.BuiltIn && (TemplateCheck.Fault(template.Subject, TemplateDefinition.MaxSubject)
            ?? TemplateCheck.Fault(template.Text, TemplateDefinition.MaxText)) is { } bad)
            throw new InvalidOperationException($"it {bad}");
        var subject = OneLine(Make(template.Subject, data, NotificationLimits.Text));
        var text = Make(template.Text, data, maxText).Trim();
        if (text.Length == 0 && !template.BuiltIn)
            throw new InvalidOperationException("it makes no text");
        return new RenderedText(Cut(subject, NotificationLimits.Subject), text, fault);
    }

    private string Make(string template, Dictionary<string, object?> data, int maxLength)
    {
        using var writer = new BoundedWriter(maxLength);
        Compiled(template)(writer, RenderBudget.Bound(data));
        return writer.ToString();
    }

    private HandlebarsTemplate<TextWriter, object, object> Compiled(string template)
    {
        lock (_gate)
        {
            if (_compiled.TryGetValue(template, out var known))
                return known;
            using var reader = new StringReader(template);
            var made = _handlebars.Compile(reader);
            if (_compiled.Count >= MaxCompiled)
                _compiled.Clear();
            return _compiled[template] = made;
        }
    }

    /// <summary>Cuts a text, never inside a surrogate pair.</summary>
    public static string Cut(string text, int max)
    {
        if (text.Length <= max)
            return text;
        var end = max - 1;
        return text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)] + "…";
    }

    private static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var c in text)
            line.Append(char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c);
        return line.ToString().Trim();
    }
}

/// <summary>A template made more text than a message can hold.</summary>
internal sealed class TextOverflowException(int max) : Exception($"the text grows beyond {max} characters");

/// <summary>Takes so many characters and throws at the next.</summary>
internal sealed class BoundedWriter(int max) : StringWriter(System.Globalization.CultureInfo.InvariantCulture)
{
    /// <inheritdoc/>
    public override void Write(char value)
    {
        Bound(1);
        base.Write(value);
    }

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count)
    {
        Bound(count);
        base.Write(buffer, index, count);
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer)
    {
        Bound(buffer.Length);
        base.Write(buffer);
    }

    /// <inheritdoc/>
    public override void Write(string? value)
    {
        Bound(value?.Length ?? 0);
        base.Write(value);
    }

    private void Bound(int more)
    {
        if (GetStringBuilder().Length + more > max)
            throw new TextOverflowException(max);
    }
}
