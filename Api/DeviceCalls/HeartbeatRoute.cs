using EsoCore.Devices;

namespace EsoCore.Api;

/// <summary><c>POST heartbeat</c>: a sign of life, and what the device says of itself.</summary>
internal static class HeartbeatRoute
{
    /// <summary>Characters of a version.</summary>
    public const int MaxVersionLength = 128;

    private const int MaxStatusLength = 256;
    private const int MaxErrorLength = 1_024;

    public static Task<IResult> Post(HttpContext http, DeviceCallRunner runner) => runner.Run<HeartbeatAnswer>(
        http,
        bodyOptional: true,
        async visit =>
        {
            var report = Read(visit.Form, visit.Call);
            return visit.Form.Faults is { Length: > 0 } faults ? (null, Problems.Faulty(faults)) : (await visit.Grain.Heartbeat(report), null);
        },
        answer => new SmallAnswer<HeartbeatAnswer>(answer));

    private static HeartbeatReport Read(JsonForm form, DeviceCall call) => new(
        call,
        form.Text("firmware_version", MaxVersionLength),
        form.Whole("config_version", 0, long.MaxValue),
        form.Text("config_error", MaxErrorLength),
        form.Text("status", MaxStatusLength),
        form.Whole("uptime_s", 0, long.MaxValue),
        form.Child("sd") is { } sd
            ? new SdHealth(
                sd.Whole("used_bytes", 0, long.MaxValue), sd.Whole("total_bytes", 0, long.MaxValue), sd.Whole("errors", 0, long.MaxValue), Percent(sd))
            : null,
        form.Child("backlog") is { } backlog
            ? new Backlog(backlog.Whole("records", 0, long.MaxValue), backlog.Whole("bytes", 0, long.MaxValue), backlog.Time("oldest_ts"))
            : null);

    private static double? Percent(JsonForm sd)
    {
        if (sd.Number("health_percent") is not { } percent)
            return null;
        if (percent is < 0 or > 100)
            sd.Fault("health_percent", "must be from 0 to 100");
        return percent;
    }
}
