namespace EsoCore.Api;

/// <summary>The calls that devices make, <c>/api/iot/v1</c>.</summary>
internal static class DeviceCallEndpoints
{
    public static void MapDeviceCalls(this IEndpointRouteBuilder app)
    {
        var calls = app.MapGroup("/api/iot/v1");
        calls.MapPost("/auth/handshake", HandshakeRoute.Handshake);
        calls.MapPost("/telemetry/batch", (HttpContext http, TelemetryDoor door) => door.Upload(http));
        calls.MapGet("/config", ConfigRoute.Get);
        calls.MapGet("/ota/check", OtaRoutes.Check);
        calls.MapPost("/ota/report", OtaRoutes.Report);
        calls.MapPost("/heartbeat", HeartbeatRoute.Post);
    }
}
