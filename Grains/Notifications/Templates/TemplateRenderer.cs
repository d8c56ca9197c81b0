using System.Text;
using EsoCore.Notifications;
using HandlebarsDotNet;

namespace EsoCore.Grains.Notifications;

/// <summary>What came of a template.</summary>
/// <param name="Fault">Why the built-in text stands here instead of the project's own, or null.</param>
internal sealed record RenderedText(string Subject, string Text, string? Fault);

/// <summary>
/// Makes texts of templates and data. Texts are plain, so nothing is escaped here: each channel escapes for what it speaks. Compiled
/// templates are kept, because compiling one takes milliseconds; each by an engine of its own, since an engine remembers every name it ever
/// met. What is only tried is not kept.
/// </summary>
internal sealed class TemplateRenderer
{
    /// <summary>Compiled templates held; beyond it all are forgotten.</summary>
    private const int MaxCompiled = 500;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, HandlebarsTemplate<TextWriter, object, object>> _compiled = new(StringComparer.Ordinal);

    /// <summary>Renders; when <paramref name="own"/> fails, the built-in template of <paramref name="id"/>.</summary>
    /// <param name="maxText">Characters of the text.</param>
    /// <param name="isTrial">Whether the template is only tried, and forgotten afterwards.</param>
    public RenderedText Render(
        string id, TemplateDefinition? own, Dictionary<string, object?> data, int maxText = NotificationLimits.Text, bool isTrial = false)
    {
        string? fault = null;
        if (own is { BuiltIn: false })
        {
            try
            {
                return Make(own, data, null, maxText, isTrial);
            }
            catch (Exception error)
            {
                // Handlebars throws many kinds for what people write; a broken template costs its words, never the message.
                fault = error is TextOverflowException or LoopOverflowException ? error.Message : $"the template fails: {error.Message}";
            }
        }

        try
        {
            return Make(DefaultTemplates.All[id], data, fault, maxText, isTrial: false);
        }
        catch (Exception error)
        {
            // Data that nobody foresaw. Rather a bare message than none, and than a notifier that fails on it again and again.
            var title = Texts.Cut(OneLine(data["title"]?.ToString() ?? "An incident"), NotificationLimits.Subject);
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
        Try(errors, "subject", () => Make(Compile(template.Subject), sample, new BoundedWriter(NotificationLimits.Text)));
        Try(errors, "text", () => Make(Compile(template.Text), sample, new BoundedWriter(NotificationLimits.Text)));
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

    private RenderedText Make(TemplateDefinition template, Dictionary<string, object?> data, string? fault, int maxText, bool isTrial)
    {
        if (!template.BuiltIn && (TemplateCheck.Fault(template.Subject, TemplateDefinition.MaxSubject)
            ?? TemplateCheck.Fault(template.Text, TemplateDefinition.MaxText)) is { } bad)
            throw new InvalidOperationException($"it {bad}");
        var subject = OneLine(Make(template.Subject, NotificationLimits.Text));
        var text = Make(template.Text, maxText).Trim();
        if (text.Length == 0 && !template.BuiltIn)
            throw new InvalidOperationException("it makes no text");
        return new RenderedText(Texts.Cut(subject, NotificationLimits.Subject), text, fault);

        // Of our own words as many as fit are better than none; what people write is to fit as a whole.
        string Make(string part, int max) => TemplateRenderer.Make(
            isTrial ? Compile(part) : Compiled(part), data, new BoundedWriter(max, isCut: template.BuiltIn));
    }

    private static string Make(
        HandlebarsTemplate<TextWriter, object, object> template, Dictionary<string, object?> data, BoundedWriter writer)
    {
        using (writer)
        {
            template(writer, RenderBudget.Bound(data));
            return writer.ToString();
        }
    }

    private HandlebarsTemplate<TextWriter, object, object> Compiled(string template)
    {
        lock (_gate)
        {
            if (_compiled.TryGetValue(template, out var known))
                return known;
        }

        var made = Compile(template); // Outside the lock: every message of every project takes it.
        lock (_gate)
        {
            if (_compiled.Count >= MaxCompiled)
                _compiled.Clear();
            return _compiled[template] = made;
        }
    }

    private static HandlebarsTemplate<TextWriter, object, object> Compile(string template)
    {
        using var reader = new StringReader(template);
        return Handlebars.Create(new HandlebarsConfiguration { NoEscape = true }).Compile(reader);
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

/// <summary>Takes so many characters. At the next it throws or, where texts are cut, ends the text with an ellipsis.</summary>
internal sealed class BoundedWriter(int max, bool isCut = false) : StringWriter(System.Globalization.CultureInfo.InvariantCulture)
{
    private bool _isFull;

    /// <inheritdoc/>
    public override void Write(char value)
    {
        Write([value]);
    }

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count)
    {
        Write(buffer.AsSpan(index, count));
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<char> buffer)
    {
        var text = GetStringBuilder();
        if (_isFull)
            return;
        if (text.Length + buffer.Length <= max)
        {
            text.Append(buffer);
            return;
        }

        if (!isCut)
            throw new TextOverflowException(max);
        _isFull = true;
        var cut = Texts.Cut(string.Concat(text.ToString(), buffer), max);
        text.Clear().Append(cut);
    }

    /// <inheritdoc/>
    public override void Write(string? value)
    {
        Write(value.AsSpan());
    }
}
