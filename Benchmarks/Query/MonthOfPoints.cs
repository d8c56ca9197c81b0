using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Benchmarks.Ingest;
using EsoCore.Benchmarks.Postgres;
using EsoCore.Benchmarks.Small;
using EsoCore.Devices;
using EsoCore.Telemetry;
using Npgsql;

namespace EsoCore.Benchmarks.Query;

/// <summary>The same points twice in one database: uploaded to a device and merged, and as rows.</summary>
internal sealed record MonthOfPoints(Scope Scope, Guid Device)
{
    internal const int Count = 30 * 86_400;
    private const int BatchPoints = 7_200;

    internal static readonly DateTimeOffset Start = new(2026, 1, 10, 0, 0, 0, TimeSpan.Zero);

    internal static TimeSpan Length { get; } = TimeSpan.FromSeconds(Count);

    internal static string Metric => BatchFactory.Series[0].Metric;

    internal static async Task<MonthOfPoints> Store(PostgresInstance server, PostgresTarget target)
    {
        var (scope, device) = await Upload(target);
        await target.Bytes(); // Merges all.
        await CopyBaseline.Create(server, target.Database, Enumerable.Range(0, 31).Select(day => Start.AddDays(day).UtcDateTime));
        await using (var db = new NpgsqlConnection(target.ConnectionString))
        {
            await db.OpenAsync();
            for (var at = 0; at < Count; at += BatchPoints)
                await CopyBaseline.Copy(db, device, [.. Enumerable.Range(at, BatchPoints).Select(n => new GeneratedPoint(Micros(n), 0, Value(n)))]);
        }

        await server.Execute(target.Database, "vacuum analyze");
        return new MonthOfPoints(scope, device);
    }

    private static async Task<(Scope Scope, Guid Device)> Upload(PostgresTarget target)
    {
        await using var calls = await GrainCalls.Start(target.ConnectionString, devices: 1, warm: false);
        for (var at = 0; at < Count; at += BatchPoints)
        {
            var text = new StringBuilder("[");
            for (var n = at; n < at + BatchPoints; n++)
            {
                text.Append(n == at ? "" : ",").Append(
                    CultureInfo.InvariantCulture,
                    $$"""{"ts":"{{Start.AddSeconds(n):yyyy-MM-ddTHH:mm:ssZ}}","series":"{{Metric}}","val":{{Value(n):R}},"unit":"°C","meta":{{BatchFactory.Meta}}}""");
            }

            var body = Encoding.UTF8.GetBytes(text.Append(']').ToString());
            await calls.Upload(0, body, Convert.ToHexStringLower(SHA256.HashData(body)));
        }

        return (calls.Scope, calls.DeviceId(0));
    }

    private static long Micros(int n) => Start.AddSeconds(n).ToUnixTimeMilliseconds() * 1_000;

    private static double Value(int n) => Math.Round(21 + 4 * Math.Sin(n / 13_000.0) + 0.3 * Math.Sin(n * 12.9898) * Math.Sin(n * 78.233), 1);
}
