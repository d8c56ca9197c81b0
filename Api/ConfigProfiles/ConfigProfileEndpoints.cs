using EsoCore.Config;
using EsoCore.Projects;

namespace EsoCore.Api;

/// <summary>Settings by device model, <c>/api/config-profiles/{model}</c>.</summary>
internal static class ConfigProfileEndpoints
{
    private const string Tag = "Config profiles";
    private const string What = "config profile";

    public static void MapConfigProfiles(this IEndpointRouteBuilder app)
    {
        var profiles = app.MapGroup("/api/config-profiles").RequireProjectKey();
        profiles.MapGet("", List).Doc("listConfigProfiles", Tag, "The project's config profiles, by model", doc => doc.Paged()).Gives<ConfigProfilePage>();
        profiles.MapGet("/{model}", Get)
            .Doc("getConfigProfile", Tag, "The settings of a device model", doc => doc.ETag().Refuses(404))
            .Gives<ConfigProfileBody>();
        profiles.MapPut("/{model}", Put)
            .Doc("putConfigProfile", Tag, "Create or replace the settings of a device model", doc => doc.Takes<ConfigSettingsBody>().Edits())
            .Gives<ConfigProfileBody>()
            .Gives<ConfigProfileBody>(StatusCodes.Status201Created);
        profiles.MapDelete("/{model}", Delete)
            .Doc("deleteConfigProfile", Tag, "Empty a profile: its devices fall back to the defaults", doc => doc.Edits().Refuses(404))
            .Gives(StatusCodes.Status204NoContent);
    }

    private static Task<IResult> List(HttpContext http, IGrainFactory grains) => Definitions.List(
        http, page => grains.GetGrain<IProjectGrain>(Caller.Of(http).ProjectId.ToString("D")).ListConfigProfiles(page),
        profiles => new ConfigProfileList(profiles.Select(ToText)));

    private static async Task<IResult> Get(HttpContext http, string model, IGrainFactory grains) =>
        await Profile(grains, http, model).Get() is { } found ? Answers.Versioned(http, found, ToText(found)) : Problems.NotFound(What);

    private static async Task<IResult> Put(HttpContext http, string model, IGrainFactory grains)
    {
        var (form, unread) = await Answers.ReadForm(http);
        if (form is null)
            return unread!;
        if (Ids.Fault(Ids.FromPath(http, model)) is { } fault)
            form.Fault("model", fault);
        var settings = ConfigJson.Read(form);
        if (form.Faults is { Length: > 0 } faults)
            return Problems.Faulty(faults);
        var result = await Profile(grains, http, model).Put(settings, ETags.IfMatch(http.Request));
        return Answers.Edit(http, result, What, profile => ToText(profile), Location);
    }

    private static async Task<IResult> Delete(HttpContext http, string model, IGrainFactory grains)
    {
        var result = await Profile(grains, http, model).Delete(ETags.IfMatch(http.Request));
        return Answers.Edit(http, result, What, profile => ToText(profile), Location);
    }

    private static IConfigProfileGrain Profile(IGrainFactory grains, HttpContext http, string model) =>
        grains.GetGrain<IConfigProfileGrain>(Ids.Key(Caller.Of(http).Scope, Ids.FromPath(http, model)));

    private static JsonText ToText(Versioned<ConfigSettings> profile) => ConfigJson.ToText(profile.Value, profile.Id, profile.Version);

    private static string Location(Versioned<ConfigSettings> profile) => $"/api/config-profiles/{Ids.ToPath(profile.Id)}";
}

/// <summary>A page of config profiles.</summary>
internal sealed record ConfigProfileList(IEnumerable<JsonText> ConfigProfiles) : DocumentList;

/// <summary>A page of config profiles, as the document tells it.</summary>
internal sealed record ConfigProfilePage(ImmutableArray<ConfigProfileBody> ConfigProfiles);

/// <summary>The settings of a device model. Any further member stands beside these as it was set.</summary>
/// <param name="Version">What its ETag is made of.</param>
internal sealed record ConfigProfileBody(
    string Model,
    long Version,
    ImmutableSortedDictionary<string, double>? SamplingRates,
    ImmutableSortedDictionary<string, double>? WindowSizes,
    ImmutableSortedDictionary<string, JsonText>? Thresholds,
    ImmutableArray<string>? NtpServers,
    ImmutableSortedDictionary<string, string>? Endpoints,
    int? UploadIntervalS,
    double? SamplingScale) : IHasFurtherMembers;

/// <summary>
/// Settings, whole or in part. Any further member is passed to the devices as it is; <c>model</c>, <c>version</c> and <c>config_version</c> are ours.
/// </summary>
/// <param name="SamplingRates">Samples a second by metric.</param>
/// <param name="WindowSizes">Seconds by metric.</param>
/// <param name="Thresholds">Any JSON value by name.</param>
/// <param name="NtpServers">Host names.</param>
/// <param name="Endpoints">URLs by name.</param>
/// <param name="UploadIntervalS">Seconds between uploads.</param>
/// <param name="SamplingScale">
/// How much of the sampling devices keep, 0.01 to 1; the lowest of installation, model and device counts.
/// </param>
internal sealed record ConfigSettingsBody(
    ImmutableSortedDictionary<string, double>? SamplingRates,
    ImmutableSortedDictionary<string, double>? WindowSizes,
    ImmutableSortedDictionary<string, JsonText>? Thresholds,
    ImmutableArray<string>? NtpServers,
    ImmutableSortedDictionary<string, string>? Endpoints,
    int? UploadIntervalS,
    double? SamplingScale) : IHasFurtherMembers;
