using System.Globalization;
using System.Text;
using EsoCore.Wire;

namespace EsoCore.Api;

/// <summary>Something that must be well before this process can serve. Asked at each <c>GET /health/ready</c>, so it should be cheap.</summary>
public interface IReadinessCheck
{
    /// <summary>What is checked, in a word.</summary>
    string Name { get; }

    /// <summary>Why this process cannot serve, or null when it can. The answer is kept for a second, for whoever asks meanwhile.</summary>
    ValueTask<string?> WhyNot(CancellationToken cancel);
}

/// <summary>What those who run the server look at.</summary>
internal static class OperationsEndpoints
{
    private const string Tag = "Operations";

    public static void MapOperations(this IEndpointRouteBuilder app)
    {
        // Some balancers probe by HEAD; the document need not tell of it.
        app.MapMethods("/health/live", [HttpMethods.Head], Live).ExcludeFromDescription();
        app.MapMethods("/health/ready", [HttpMethods.Head], Ready).ExcludeFromDescription();
        app.MapGet("/health/live", Live)
            .Doc("live", Tag, "Whether the process runs").Gives<HealthBody>();
        app.MapGet("/health/ready", Ready)
            .Doc("ready", Tag, "Whether the process can serve", doc => doc.Says("503 names what is not ready.")).Gives<HealthBody>();
        app.MapGet("/metrics", Metrics)
            .Doc("metrics", Tag, "Metrics as Prometheus text").Gives<string>(mediaType: "text/plain");
    }

    private static SmallAnswer<HealthBody> Live() => new(new HealthBody("live"));

    private static async Task<IResult> Ready(HttpContext http, ReadinessProbe probe)
    {
        var faults = await probe.Ask(http.RequestAborted);
        return faults.IsEmpty
            ? new SmallAnswer<HealthBody>(new HealthBody("ready"))
            : new Problem(503, ProblemCodes.Unavailable, "The server is not ready.") { Errors = faults, RetryAfter = TimeSpan.FromSeconds(1) };
    }

    private static IResult Metrics(MetricsCollector metrics, ByteBudget budget, BodyReader bodies, CredentialCache cache)
    {
        var text = new StringBuilder(metrics.Write());
        Gauge(text, "esocore_body_budget_used_bytes", "Bytes of bodies in flight.", budget.Used);
        Gauge(text, "esocore_unproven_body_budget_used_bytes", "Bytes of bodies in flight of callers not yet proven.", bodies.UnprovenUsed);
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
