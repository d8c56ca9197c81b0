using System.Text.Json;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace EsoCore.Silo.Hosting;

/// <summary>Logs: readable on a terminal, one JSON object a line otherwise. Levels come from configuration section <c>Serilog</c>.</summary>
internal static class Logs
{
    /// <summary>What tells of a start that failed.</summary>
    private static readonly string[] Starters = ["Microsoft.AspNetCore.Server.Kestrel", "Microsoft.Extensions.Hosting.Internal.Host"];

    private const string Template = "{Timestamp:HH:mm:ss} {Level:u3} {Message:lj}{NewLine}{Exception}";

    public static void AddLogs(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(Make(builder.Configuration), dispose: true);
    }

    private static Logger Make(IConfiguration configuration)
    {
        var logs = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
            .ReadFrom.Configuration(configuration)
            .Filter.ByExcluding(IsToldInOneLine);
        // Logs go to the error stream: what the program itself has to say stands alone on the other.
        return (Console.IsErrorRedirected
            ? logs.WriteTo.Console(new JsonLines(), standardErrorFromLevel: LevelAlias.Minimum)
            : logs.WriteTo.Console(outputTemplate: Template, standardErrorFromLevel: LevelAlias.Minimum)).CreateLogger();
    }

    /// <summary>
    /// Whether the start failed because this process cannot listen, has a wrong key or cannot join: the program ends with one line on it.
    /// Those who start it are meant alone; the same errors mean something else wherever others meet them.
    /// </summary>
    internal static bool IsToldInOneLine(LogEvent e) =>
        e.Exception is { } fault && (fault is StartRefusedException or TimeoutException || Listening.WhyNot(fault) is not null)
        && e.Properties.GetValueOrDefault(Constants.SourceContextPropertyName) is ScalarValue { Value: string source }
        && Starters.Contains(source);
}

/// <summary>One event a line, in the compact form that log stores read: <c>@t</c>, <c>@l</c>, <c>@m</c>, <c>@x</c> and the properties.</summary>
internal sealed class JsonLines : ITextFormatter
{
    private static readonly MessageTemplateTextFormatter Message = new("{Message:lj}"); // Words as words, without quotes around them.

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var message = new StringWriter();
        Message.Format(logEvent, message);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("@t", logEvent.Timestamp.UtcDateTime);
            json.WriteString("@l", logEvent.Level.ToString());
            json.WriteString("@m", message.ToString());
            if (logEvent.Exception is { } exception)
                json.WriteString("@x", exception.ToString());
            foreach (var (name, value) in logEvent.Properties)
            {
                if (value is ScalarValue { Value: var scalar })
                    json.WriteString(name, scalar?.ToString());
            }

            json.WriteEndObject();
        }

        output.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
    }
}
