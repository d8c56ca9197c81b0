using System.Globalization;
using EsoCore.Config;
using EsoCore.Devices;

namespace EsoCore.Api;

/// <summary><c>GET config</c>: the configuration in force for the calling device.</summary>
internal static class ConfigRoute
{
    public static Task<IResult> Get(HttpContext http, DeviceCallRunner runner)
    {
        var held = HeldVersion(http.Request.Headers.IfNoneMatch.ToString());
        return runner.Run<DeviceConfig>(
            http,
            bodyOptional: true,
            async visit => (await visit.Grain.GetConfig(held, visit.Call), null),
            config => new ConfigResult(config, NotModified: held == config.ConfigVersion));
    }

    /// <summary>The version that a device says it holds: our ETag, with or without its quotes.</summary>
    internal static long? HeldVersion(string ifNoneMatch)
    {
        var text = ifNoneMatch.AsSpan().Trim();
        if (text.StartsWith("W/"))
            text = text[2..];
        return long.TryParse(text.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
    }

    private sealed record ConfigResult(DeviceConfig Config, bool NotModified) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.ETag = ETags.Of(Config.ConfigVersion);
            if (NotModified)
                httpContext.Response.StatusCode = StatusCodes.Status304NotModified;
            else
                await TypedResults.Bytes(ConfigJson.ToDevice(Config), "application/json").ExecuteAsync(httpContext);
        }
    }
}
