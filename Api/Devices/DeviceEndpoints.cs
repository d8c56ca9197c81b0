using EsoCore.Devices;
using EsoCore.Projects;

namespace EsoCore.Api;

/// <summary>Devices as people manage them, <c>/api/devices</c>, and their live twins. A device is never deleted, only disabled: its points belong to it.</summary>
internal static class DeviceEndpoints
{
    private const string Tag = "Devices";
    private const string What = "device";

    public static void MapDevices(this IEndpointRouteBuilder app)
    {
        var devices = app.MapGroup("/api/devices").RequireProjectKey();
        devices.MapPost("", Create)
            .Doc("createDevice", Tag, "Register a device; its key's secret is shown this once", doc => doc.Takes<NewDeviceBody>().ETag().Refuses(409))
            .Gives<DeviceCreatedBody>(StatusCodes.Status201Created);
        devices.MapGet("", List)
            .Doc("listDevices", Tag, "The project's devices, by id", doc => doc
                .Query("site", "Only those at this site.")
                .Query("model", "Only those of this model.")
                .Query("status", "unclaimed, active, maintenance or disabled.")
                .Paged())
            .Gives<DeviceList>();
        devices.MapGet("/{id}", Get)
            .Doc("getDevice", Tag, "What is registered of a device", doc => doc.ETag().Refuses(404))
            .Gives<DeviceBody>();
        devices.MapPatch("/{id}", Change)
            .Doc("changeDevice", Tag, "Change a device's registration or its own settings", doc => doc.Takes<DeviceChangeBody>().Edits().Refuses(404, 409))
            .Gives<DeviceBody>();
        devices.MapGet("/{id}/twin", Twin)
            .Doc("getTwin", Tag, "The live twin; never waits for an upload", doc => doc.Refuses(404).Answers(ApiExamples.Twin))
            .Gives<TwinView>();
    }

    private static async Task<IResult> Create(HttpContext http, IGrainFactory grains)
    {
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var device = DeviceForms.ReadNew(form);
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        var result = await Project(grains, Caller.Of(http)).CreateDevice(device);
        http.Response.Headers.CacheControl = "no-store"; // The answer holds a secret.
        return Answers.Edit(http, result, "device of this serial", created => new DeviceCreatedBody(created.Value), created => Location(created.Value.Device));
    }

    private static async Task<IResult> List(HttpContext http, IGrainFactory grains)
    {
        var query = new QueryReader(http.Request.Query);
        var filter = new DeviceFilter(query.Text("site", Ids.MaxLength), query.Text("model", Ids.MaxLength), DeviceForms.ReadStatus(query));
        var page = query.Page();
        if (query.Problem() is { } faulty)
            return faulty;
        var project = Project(grains, Caller.Of(http));
        return await Answers.Page(http, () => project.ListDevices(filter, page), list => new DeviceList(list.Items.Select(device => new DeviceBody(device.Value))));
    }

    private static async Task<IResult> Get(HttpContext http, string id, IGrainFactory grains) =>
        Ids.TryParse(id, out var deviceId) && await Device(grains, deviceId).GetRegistration(Caller.Of(http).Scope) is { } found
            ? Answers.Versioned(http, found, new DeviceBody(found.Value))
            : Problems.NotFound(What);

    private static async Task<IResult> Change(HttpContext http, string id, IGrainFactory grains, ICredentialCache cache)
    {
        if (!Ids.TryParse(id, out var deviceId))
            return Problems.NotFound(What);
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        var change = DeviceForms.ReadChange(form);
        if (form.Faults is { Length: > 0 } faults)
        {
            // What is wrong with the body is nobody's business who cannot see the device.
            return await Device(grains, deviceId).GetRegistration(Caller.Of(http).Scope) is null ? Problems.NotFound(What) : Problems.Faulty(faults);
        }

        var result = await Device(grains, deviceId).ChangeRegistration(Caller.Of(http).Scope, change, ETags.IfMatch(http.Request));
        cache.Invalidate(deviceId); // Status and policy are part of what the door checks.
        return Answers.Edit(http, result, What, changed => new DeviceBody(changed.Value), changed => Location(changed.Value));
    }

    private static async Task<IResult> Twin(HttpContext http, string id, IGrainFactory grains) =>
        Ids.TryParse(id, out var deviceId) && await Device(grains, deviceId).GetTwin(Caller.Of(http).Scope) is { } twin
            ? Results.Json(Complete(twin), ApiJson.Options)
            : Problems.NotFound(What);

    /// <summary>Objects are objects for every reader, also while the device has told nothing of them.</summary>
    private static TwinView Complete(TwinView twin) => twin with
    {
        Sd = twin.Sd ?? new SdHealth(null, null, null, null),
        Backlog = twin.Backlog ?? new Backlog(null, null, null),
        Series = [.. twin.Series.Select(series => series.Meta.Value is null ? series with { Meta = JsonText.EmptyObject } : series)],
    };

    private static IDeviceGrain Device(IGrainFactory grains, Guid id) => grains.GetGrain<IDeviceGrain>(id.ToString("D"));

    private static IProjectGrain Project(IGrainFactory grains, Caller caller) => grains.GetGrain<IProjectGrain>(caller.ProjectId.ToString("D"));

    private static string Location(DeviceRegistration device) => $"/api/devices/{device.DeviceId:D}";
}
