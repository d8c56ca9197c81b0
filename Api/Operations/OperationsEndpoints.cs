using System.Globalization;
using System.Text;
using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>Something that must be well before this process can serve. Asked at each <c>GET /health/ready</c>, so it should be cheap.</summary>
public interface IReadinessCheck
{
    /// <summary>What is checked, in a word.</summary>
    string Name { get; }

    /// <summary>Why this process cannot serve, or null when it can.</summary>
    ValueTask<string?> WhyNot(CancellationToken cancel);
}

/// <summary>What those who run the server look at.</summary>
internal static class OperationsEndpoints
{
    private const string Tag = "Operations";

    public static void MapOperations(this IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => new SmallAnswer<HealthBody>(new HealthBody("live")))
            .Doc("live", Tag, "Whether the process runs").Gives<HealthBody>();
        app.MapGet("/health/ready", Ready)
            .Doc("ready", Tag, "Whether the process can serve", doc => doc.Says("503 names what is not ready.")).Gives<HealthBody>();
        app.MapGet("/metrics", Metrics)
            .Doc("metrics", Tag, "Metrics as Prometheus text").Gives<string>(mediaType: "text/plain");
    }

    private static async Task<IResult> Ready(HttpContext http, IEnumerable<IReadinessCheck> checks)
    {
        var faults = ImmutableArray.CreateBuilder<FieldError>();
        foreach (var check in checks)
        {
            if (await check.WhyNot(http.RequestAborted) is { } reason)
                faults.Add(new FieldError(check.Name, reason));
        }

        return faults.Count == 0
            ? new SmallAnswer<HealthBody>(new HealthBody("ready"))
            : new Problem(503, ProblemCodes.Unavailable, "The server is not ready.") { Errors = faults.ToImmutable(), RetryAfter = TimeSpan.FromSeconds(1) };
    }

    private static IResult Metrics(MetricsCollector metrics, ByteBudget budget, CredentialCache cache)
    {
        var text = new StringBuilder(metrics.Write());
        Gauge(text, "esocore_body_budget_used_bytes", "Bytes of bodies in flight.", budget.Used);
        Gauge(text, "esocore_credential_cache_entries", "Credentials held by the front door.", cache.Count);
        Gauge(text, "process_resident_memory_bytes", "Resident memory.", Environment.WorkingSet);
        Gauge(text, "dotnet_gc_heap_bytes", "Bytes of the managed heap.", GC.GetTotalMemory(forceFullCollection: false));
        Append(text, "process_cpu_seconds_total", "counter", "Processor time used.", Environment.CpuUsage.TotalTime.TotalSeconds);
        return Results.Text(text.ToString(), "text/plain; version=0.0.4; charset=utf-8");
    }

    private static void Gauge(StringBuilder text, string name, string help, double value) => Append(text, name, "gauge", help, value);

    private static void Append(StringBuilder text, string name, string type, string help, double value) => text.Append(
        CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name} {value:R}\n");
}

/// <summary>The state of the process.</summary>
internal sealed record HealthBody(string Status);
