using System.Diagnostics.Metrics;
using EsoCore.Telemetry;

namespace EsoCore.Api;

/// <summary>What the front door counts. Labels come from small fixed sets.</summary>
internal static class ApiMeters
{
    public const string Name = "EsoCore.Api";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Batches = Meter.CreateCounter<long>("esocore.batches", description: "Batches answered, by outcome.");
    private static readonly Counter<long> Points = Meter.CreateCounter<long>("esocore.points", description: "Points taken.");
    private static readonly Counter<long> Records = Meter.CreateCounter<long>("esocore.records", description: "Records accepted.");
    private static readonly Counter<long> Duplicates = Meter.CreateCounter<long>("esocore.duplicates", description: "Records dropped as repeats.");
    private static readonly Counter<long> Rejected = Meter.CreateCounter<long>("esocore.rejected", description: "Records rejected.");
    private static readonly Counter<long> Refusals = Meter.CreateCounter<long>("esocore.refusals", description: "Requests refused, by problem code.");
    private static readonly Counter<long> BodyBytes = Meter.CreateCounter<long>("esocore.body", "By", "Bytes of batches received, as sent.");

    private static readonly Histogram<double> UploadSeconds = Meter.CreateHistogram<double>(
        "esocore.upload.duration", "s", "From the verified body to the device grain's answer, which leaves after the commit.");

    public static void Refused(string code) => Refusals.Add(1, new KeyValuePair<string, object?>("reason", code));

    public static void BodyRead(long bytes) => BodyBytes.Add(bytes);

    public static void Uploaded(UploadAnswer answer, TimeSpan took)
    {
        Batches.Add(1, new KeyValuePair<string, object?>("outcome", OutcomeName(answer.Outcome)));
        UploadSeconds.Record(took.TotalSeconds);
        if (answer.Counts is not { } counts)
            return;
        Points.Add(counts.Points);
        Records.Add(counts.Accepted);
        Duplicates.Add(counts.Duplicates);
        Rejected.Add(counts.Rejected);
    }

    private static string OutcomeName(UploadOutcome outcome) => outcome switch
    {
        UploadOutcome.Accepted => "accepted",
        UploadOutcome.Replayed => "replayed",
        _ => "refused",
    };
}
