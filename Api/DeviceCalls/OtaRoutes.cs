using System.Text.Json.Serialization;
using EsoCore.Firmware;

namespace EsoCore.Api;

/// <summary><c>GET ota/check</c> and <c>POST ota/report</c>.</summary>
internal static class OtaRoutes
{
    private static readonly ImmutableDictionary<string, OtaStatus> Statuses = new Dictionary<string, OtaStatus>
    {
        ["downloading"] = OtaStatus.Downloading,
        ["downloaded"] = OtaStatus.Downloaded,
        ["installing"] = OtaStatus.Installing,
        ["rebooting"] = OtaStatus.Rebooting,
        ["completed"] = OtaStatus.Completed,
        ["success"] = OtaStatus.Completed,
        ["failed"] = OtaStatus.Failed,
        ["failure"] = OtaStatus.Failed,
        ["rollback"] = OtaStatus.Rollback,
    }.ToImmutableDictionary(StringComparer.Ordinal);

    public static Task<IResult> Check(HttpContext http, DeviceCallRunner runner)
    {
        var query = new QueryReader(http.Request.Query);
        var version = query.Text("version", HeartbeatRoute.MaxVersionLength);
        return runner.Run<OtaAnswer>(
            http,
            bodyOptional: true,
            async visit => query.Problem() is { } faulty ? (null, faulty) : (await visit.Grain.CheckOta(version, visit.Call), null),
            answer => answer.Offer is { } offer
                ? new SmallAnswer<OtaOffered>(new OtaOffered(
                    true, offer.Version, offer.Hash, offer.Size, offer.Signature, offer.DownloadUrl, offer.ReleaseNotes, offer.Mandatory))
                : new SmallAnswer<OtaNone>(new OtaNone(false, answer.CurrentVersion)));
    }

    public static Task<IResult> Report(HttpContext http, DeviceCallRunner runner) => runner.Run<bool>(
        http,
        bodyOptional: false,
        async visit =>
        {
            var form = visit.Form;
            var word = form.Text("status", 32, required: true);
            var status = OtaStatus.Failed;
            if (word is not null && !Statuses.TryGetValue(word, out status))
                form.Fault("status", "must be one of downloading, downloaded, installing, rebooting, completed (or success), failed (or failure), rollback");
            var report = new OtaReport(
                visit.Call, status, form.Text("version", HeartbeatRoute.MaxVersionLength), form.Text("error", 1_024), form.Text("slot", 32));
            return form.Faults is { Length: > 0 } faults ? (null, Problems.Faulty(faults)) : (await visit.Grain.ReportOta(report), null);
        },
        _ => new SmallAnswer<OtaReported>(new OtaReported("reported")));
}

/// <summary>A firmware image that the device should install.</summary>
internal sealed record OtaOffered(
    bool Available, string Version, string Hash, long Size, string Signature, string DownloadUrl, string? ReleaseNotes, bool Mandatory);

/// <summary>The device is up to date.</summary>
internal sealed record OtaNone(bool Available, string? CurrentVersion);

/// <summary>The report was taken.</summary>
internal sealed record OtaReported(string Status);
