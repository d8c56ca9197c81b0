using EsoCore.Devices;
using EsoCore.Firmware;
using EsoCore.History;
using EsoCore.Projects;
using EsoCore.Wire;
using Microsoft.Extensions.Options;

namespace EsoCore.Api;

/// <summary>Firmware versions, <c>/v1</c>: a device tells which one runs, its project reads the history.</summary>
internal static class FirmwareEndpoints
{
    private const string Tag = "Firmware versions";

    public static void MapFirmware(this IEndpointRouteBuilder app)
    {
        app.MapPost("/v1/seed", Seed)
            .Doc("seed", Tag, "A new project with a device, and a key of each", doc => doc
                .Says("For the operator, and for anyone only while seeding is enabled; the secrets are shown this once.")
                .Refuses(404))
            .Gives<SeedBody>(StatusCodes.Status201Created);
        var versions = app.MapGroup("/v1/devices/{id}/firmware_version").RequireKey();
        versions.MapPost("", Tell)
            .Doc("tellFirmwareVersion", Tag, "Tell which firmware version runs (the device's key)", doc => doc.Takes<FirmwareRequestBody>())
            .Gives<FirmwareBody>(StatusCodes.Status201Created);
        versions.MapGet("", Read)
            .Doc("listFirmwareVersions", Tag, "The firmware versions ever told, newest first (a project's key)", doc => doc
                .Says("All of them, or a page where limit or after is given.")
                .Paged()
                .Refuses(404))
            .Gives<FirmwareBody[]>();
    }

    private static async Task<IResult> Seed(
        HttpContext http, IGrainFactory grains, IOptionsMonitor<ApiOptions> options, IInstallationKeys keys)
    {
        if (!options.CurrentValue.SeedEnabled && !OperatorKey.Opens(http.Request, keys))
            return Problems.OfStatus(404);
        var created = await grains.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject("Test Project");
        var result = await grains.GetGrain<IProjectGrain>(created.Project.Id.ToString("D")).CreateDevice(new NewDevice(
            Serial: "seed-" + Guid.NewGuid().ToString("N")[..12],
            Model: "seed",
            SiteId: null,
            Tags: ImmutableSortedDictionary<string, string>.Empty,
            Status: DeviceStatus.Active,
            SignatureRequired: false));
        if (result.Current?.Value is not { } made)
            return Problems.Internal;
        http.Response.Headers.CacheControl = "no-store"; // The answer holds secrets.
        return new SmallAnswer<SeedBody>(SeedBody.Of(created, made), StatusCodes.Status201Created);
    }

    private static async Task<IResult> Tell(
        HttpContext http, string id, IGrainFactory grains, DeviceRates rates, MaintenanceMode maintenance, TimeProvider time,
        IOptionsMonitor<ApiOptions> options)
    {
        if (await maintenance.IsOn())
            return Problems.InMaintenance(TimeSpan.FromSeconds(options.CurrentValue.RetryAfterSeconds));
        var caller = Caller.Of(http);
        if (caller.DeviceId is not { } own || !Ids.TryParse(id, out var deviceId) || own != deviceId)
            return Problems.Forbidden("Only the device's own key may tell its firmware version.");
        if (!rates.TryTake(deviceId, out var wait))
            return Problems.RateLimited(wait);
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var version = form.Text("version", HeartbeatRoute.MaxVersionLength, required: true);
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        var answer = await grains.GetGrain<IDeviceGrain>(deviceId.ToString("D")).RecordFirmwareVersion(version!, time.GetUtcNow());
        return answer.Outcome switch
        {
            DeviceOutcome.Done => new SmallAnswer<FirmwareBody>(new FirmwareBody(answer.Value!), StatusCodes.Status201Created),
            DeviceOutcome.UnknownDevice => Problems.KeyUnauthorized,
            DeviceOutcome.NotActive when answer.Code == ProblemCodes.DeviceNotClaimed => Problems.NotClaimed,
            DeviceOutcome.NotActive => Problems.Disabled,
            DeviceOutcome.Unavailable => Unavailability.Refusal(options.CurrentValue),
            _ => Problems.Internal,
        };
    }

    private static async Task<IResult> Read(HttpContext http, string id, IHistory history)
    {
        var caller = Caller.Of(http);
        if (caller.DeviceId is not null)
            return Problems.Forbidden("A device's key does not open this route; a key of its project does.");
        if (!Ids.TryParse(id, out var deviceId) || !await history.DeviceExists(caller.Scope, deviceId, http.RequestAborted))
            return Problems.NotFound("device");
        var query = new QueryReader(http.Request.Query);
        var paged = query.Has("limit") || query.Has("after");
        var page = query.Page();
        if (query.Problem() is { } faulty)
            return faulty;
        return paged
            ? await Answers.Page(
                http, () => history.ReadFirmwareVersions(caller.Scope, deviceId, page, http.RequestAborted), found => found.Items.Select(v => new FirmwareBody(v)))
            : Results.Json(All(history, caller.Scope, deviceId, http.RequestAborted), ApiJson.Options);
    }

    /// <summary>The whole history, page by page as it is sent, so that its length costs no memory.</summary>
    private static async IAsyncEnumerable<FirmwareBody> All(
        IHistory history, Scope scope, Guid deviceId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        for (string? after = null; ;)
        {
            var page = await history.ReadFirmwareVersions(scope, deviceId, new PageRequest(PageRequest.MaxLimit, after), cancel);
            foreach (var version in page.Items)
                yield return new FirmwareBody(version);
            if ((after = page.Next) is null)
                yield break;
        }
    }
}

/// <summary>One entry of the firmware history.</summary>
internal sealed record FirmwareBody(Guid DeviceId, DateTimeOffset Timestamp, string Version)
{
    public FirmwareBody(FirmwareVersion version) : this(version.DeviceId, version.Timestamp, version.Version)
    {
    }
}

/// <summary>What a device says of its firmware.</summary>
internal sealed record FirmwareRequestBody(string Version);

/// <summary>A seeded project with a device, and the key of each.</summary>
internal sealed record SeedBody(
    SeedProject Project,
    SeedProjectKey ProjectApiKey,
    string ProjectApiKeySecret,
    SeedDevice Device,
    SeedDeviceKey DeviceApiKey,
    string DeviceApiKeySecret)
{
    public static SeedBody Of(ProjectCreated project, DeviceCreated device) => new(
        new SeedProject(project.Project.Id, project.Project.Name),
        new SeedProjectKey(project.Key.Id, project.Project.Id),
        project.Key.Secret,
        new SeedDevice(device.Device.DeviceId, project.Project.Id),
        new SeedDeviceKey(device.Key.Id, device.Device.DeviceId),
        device.Key.Secret);
}

/// <summary>The seeded project.</summary>
internal sealed record SeedProject(Guid Id, string Name);

/// <summary>Its key.</summary>
internal sealed record SeedProjectKey(Guid Id, Guid ProjectId);

/// <summary>The seeded device.</summary>
internal sealed record SeedDevice(Guid Id, Guid ProjectId);

/// <summary>Its key.</summary>
internal sealed record SeedDeviceKey(Guid Id, Guid DeviceId);
