using EsoCore.Devices;
using EsoCore.Wire;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>An authenticated device call other than an upload.</summary>
/// <param name="Grain">The device's.</param>
/// <param name="Call">What every grain call carries.</param>
/// <param name="Form">The body; an empty object where there is none.</param>
internal sealed record DeviceVisit(IDeviceGrain Grain, DeviceCall Call, JsonForm Form, DevicePass Pass);

/// <summary>The steps that the small device calls share: headers, credential, body, signature. The same order as in <see cref="TelemetryDoor"/>.</summary>
internal sealed class DeviceCallRunner(
    DeviceGate gate, BodyReader bodies, ICredentialCache cache, IGrainFactory grains, MaintenanceMode maintenance, TimeProvider time,
    IOptionsMonitor<ApiOptions> options)
{
    public async Task<IResult> Run<T>(
        HttpContext http, bool bodyOptional, Func<DeviceVisit, Task<(DeviceAnswer<T>? Answer, Problem? Problem)>> call, Func<T, IResult> toResult)
    {
        var retryAfter = TimeSpan.FromSeconds(options.CurrentValue.RetryAfterSeconds);
        if (await maintenance.IsOn())
            return Problems.InMaintenance(retryAfter);
        var (visit, refused) = await Admit(http, bodyOptional, retryAfter);
        if (visit is null)
            return refused!;
        var (answer, faulty) = await call(visit);
        if (faulty is not null)
            return faulty;
        return answer!.Outcome == DeviceOutcome.Done
            ? toResult(answer.Value!)
            : DeviceOutcomes.Refusal(answer.Outcome, answer.Code, visit.Pass, cache, retryAfter);
    }

    /// <summary>Admits a call; the problem says why not.</summary>
    public async ValueTask<(DeviceVisit? Visit, Problem? Problem)> Admit(HttpContext http, bool bodyOptional, TimeSpan retryAfter)
    {
        var headers = new HeaderReader(http.Request.Headers);
        var device = DeviceHeaders.Read(headers);
        if (headers.Problem() is { } faulty)
            return (null, faulty);
        var (pass, refused) = await gate.Admit(device, http);
        if (pass is null && !device.IsSignedOnly)
            return (null, refused);
        // Nothing but the body can prove a caller that only signs. Until then known and unknown ids are met alike: the same limits,
        // the same budget, and the time that reading a body takes.
        var receivedAt = time.GetUtcNow();
        var (body, unread) = await bodies.Read(http.Request, JsonForm.MaxBytes, retryAfter, pass?.Proven ?? false);
        if (body is null)
            return (null, unread);
        using (body)
        {
            var hash = body.HashHex();
            if (pass is null)
                return (null, refused);
            if (gate.CheckSignature(pass, http.Request, hash) is { } unsigned)
                return (null, unsigned);
            var form = SmallBodies.Parse(http.Request, body, bodyOptional, out var malformed);
            return form is null
                ? (null, malformed)
                : (new DeviceVisit(grains.GetGrain<IDeviceGrain>(pass.DeviceId.ToString("D")), new DeviceCall(receivedAt, pass.Nonce), form, pass), null);
        }
    }
}

/// <summary>Bodies that are one small JSON object.</summary>
internal static class SmallBodies
{
    public static JsonForm? Parse(HttpRequest request, RentedBody body, bool optional, out Problem? problem)
    {
        problem = null;
        if (body.Bytes.IsEmpty && optional)
            return JsonForm.TryParse(default, optional: true, out problem);
        if (!request.HasJsonContentType() && request.ContentType is not null)
            problem = new Problem(415, ProblemCodes.UnsupportedMediaType, "The media type must be application/json.");
        else if (request.Headers.ContentEncoding.ToString() is not ("" or "identity"))
            problem = new Problem(415, ProblemCodes.UnsupportedEncoding, "Only batches may be compressed.");
        return problem is null ? JsonForm.TryParse(body.Bytes, optional: false, out problem) : null;
    }
}
