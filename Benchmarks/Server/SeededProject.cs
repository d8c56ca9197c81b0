using System.Net.Http.Json;
using System.Text.Json;

namespace EsoCore.Benchmarks.Server;

/// <summary>A project with a site, devices and an asset for each, made over HTTP.</summary>
internal sealed class SeededProject
{
    private readonly HttpClient _http;
    private readonly Dictionary<Guid, string> _secrets = [];

    private SeededProject(HttpClient http) => _http = http;

    internal IReadOnlyCollection<Guid> DeviceIds => _secrets.Keys;

    internal string SecretOf(Guid device) => _secrets[device];

    internal string AssetOf(Guid device) => $"asset-{device:N}";

    /// <summary>Seeds a project, and makes the site <c>hall</c> and the devices in it.</summary>
    internal static async Task<SeededProject> Create(Uri server, int devices)
    {
        using var anyone = new HttpClient { BaseAddress = server };
        var seed = await Json(await anyone.PostAsync("/v1/seed", null));
        var project = new SeededProject(ServerProcess.Client(
            server,
            seed.GetProperty("project_api_key").GetProperty("id").GetString()!, seed.GetProperty("project_api_key_secret").GetString()!));
        await Json(await project._http.PostAsJsonAsync("/api/sites", new { id = "hall", name = "Hall", time_zone = "UTC" }));
        for (var i = 0; i < devices; i++)
        {
            var made = await Json(await project._http.PostAsJsonAsync(
                "/api/devices", new { serial = $"K-{i}", model = "DOOR-LOGGER", site_id = "hall" }));
            project._secrets.Add(made.GetProperty("device_id").GetGuid(), made.GetProperty("device_key").GetProperty("secret").GetString()!);
        }

        return project;
    }

    internal async Task<JsonElement> Read(string path) => await Json(await _http.GetAsync(path));

    /// <summary>All pages of a list, by their Link headers.</summary>
    internal async Task<List<JsonElement>> ReadAll(string path, string list)
    {
        var items = new List<JsonElement>();
        for (var next = path; next is not null;)
        {
            using var answer = await _http.GetAsync(next);
            items.AddRange((await Json(answer)).GetProperty(list).EnumerateArray());
            next = answer.Headers.TryGetValues("Link", out var links) ? links.First().Split('<', '>')[1] : null;
        }

        return items;
    }

    private static async Task<JsonElement> Json(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{answer.RequestMessage?.RequestUri} answered {(int)answer.StatusCode}: {text}");
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
