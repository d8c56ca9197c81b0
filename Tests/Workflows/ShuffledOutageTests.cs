using System.Globalization;
using System.Text.Json;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Workflows;

/// <summary>
/// A device that was cut off for three days uploads the events of an outage: whatever their order and batches, the server makes the same
/// incidents of them, with the same causes.
/// </summary>
public sealed class ShuffledOutageTests
{
    private const int Shuffles = 8;

    /// <summary>What happened, by minutes since the mains failed; the second outage begins before the first one's echo is over.</summary>
    private static readonly (double Minute, string Event, string Meta)[] Outage =
    [
        (0, "power_outage", """{"severity":"critical","main_voltage":0}"""), (0.1, "backup_activated", "{}"),
        (0.2, "connectivity_lost", "{}"), (3, "server_unreachable", """{"retry_count":6}"""), (8, "server_unreachable", """{"retry_count":9}"""),
        (20, "supercap_low", "{}"), (25, "safe_shutdown_initiated", "{}"), (60, "tamper_detected", "{}"), (120, "power_restored", "{}"),
        (121, "device_boot", "{}"), (121.5, "sd_error", "{}"), (122, "connectivity_restored", "{}"),
        (130, "power_outage", """{"severity":"critical","main_voltage":1}"""), (130.1, "connectivity_lost", "{}"),
        (131, "power_restored", "{}"), (136, "connectivity_restored", "{}"),
    ];

    [Fact]
    public async Task Outage_UploadedThreeDaysLaterInAnyOrderAndBatches_MakesTheSameIncidents()
    {
        await using var server = await WorkflowServer.Start();
        var start = new DateTimeOffset(server.Now.UtcDateTime.Date, TimeSpan.Zero).AddDays(-3); // A whole second, as minutes are compared.
        string[] expected =
        [
            "connectivity_lost resolved 2 times from 0.2 to 136 because of power_outage",
            "power_outage resolved 2 times from 0 to 131",
            "safe_shutdown_initiated resolved 1 times from 25 to 121 because of supercap_low",
            "sd_error open 1 times from 121.5 to now because of power_outage",
            "server_unreachable resolved 1 times from 3 to 122 because of connectivity_lost",
            "supercap_low resolved 1 times from 20 to 20 because of power_outage",
            "tamper_detected open 1 times from 60 to now",
        ];
        for (var seed = 0; seed < Shuffles; seed++)
        {
            var device = await server.Seed();
            var random = new Random(seed);
            var left = Outage.ToArray();
            if (seed > 0)
                random.Shuffle(left);
            for (var at = 0; at < left.Length;)
            {
                var count = seed == 0 ? left.Length : Math.Min(random.Next(1, 6), left.Length - at);
                await server.Upload(device, [.. left.Skip(at).Take(count)
                    .Select(e => (start.AddMinutes(e.Minute), WorkflowServer.Record(e.Event, e.Meta)))]);
                at += count;
            }

            var tree = "";
            await Eventually.Holds(
                async () => (tree = await Tree(server, device.ProjectKey, start)) == string.Join('\n', expected),
                () => $"Order {seed}: {tree}");
        }
    }

    /// <summary>The incidents of a project, a line each, in the order of their names.</summary>
    private static async Task<string> Tree(WorkflowServer server, string projectKey, DateTimeOffset start)
    {
        var (_, list) = await server.Get("/api/incidents", projectKey);
        if (!list.TryGetProperty("incidents", out var found))
            return list.ToString();
        var incidents = found.EnumerateArray().ToDictionary(i => i.GetProperty("id").GetString()!);
        return string.Join('\n', incidents.Values.Select(Line).Order(StringComparer.Ordinal));

        string Line(JsonElement incident)
        {
            var cause = incident.TryGetProperty("cause_id", out var id) && id.GetString() is { } key
                ? " because of " + (incidents.TryGetValue(key, out var root) ? root.GetProperty("rule_id").GetString() : "what is not listed")
                : "";
            return $"{incident.GetProperty("rule_id").GetString()} {incident.GetProperty("status").GetString()} "
                + $"{incident.GetProperty("count").GetInt32()} times from {Minute("started_at")} to {Minute("ended_at")}{cause}";

            string Minute(string name) => incident.TryGetProperty(name, out var at) && at.ValueKind == JsonValueKind.String
                ? Math.Round((at.GetDateTimeOffset() - start).TotalMinutes, 1).ToString(CultureInfo.InvariantCulture) : "now";
        }
    }
}
