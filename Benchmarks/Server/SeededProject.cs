using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace EsoCore.Benchmarks.Server;

/// <summary>A project with a site, devices and an asset for each, made over HTTP.</summary>
internal sealed class SeededProject
{
    /// <summary>How often a server that is away for the moment is asked again: for three minutes.</summary>
    private const int MaxQuestions = 3_600;

    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _http;
    private readonly Dictionary<Guid, string> _secrets = [];

    private SeededProject(HttpClient http) => _http = http;

    /// <summary>Calls with the project's key.</summary>
    internal HttpClient Http => _http;

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

    /// <summary>The upload of one batch by a device, to be sent to a front door.</summary>
    internal HttpRequestMessage Batch(Uri door, Guid device, Guid batchId, byte[] body, string bodyHash, string? encoding = null)
    {
        var url = new Uri(door, "/api/iot/v1/telemetry/batch");
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        if (encoding is not null)
            request.Content.Headers.ContentEncoding.Add(encoding);
        request.Headers.Add("X-Device-Id", device.ToString("D"));
        request.Headers.Add("X-Auth-Key", SecretOf(device));
        request.Headers.Add("Idempotency-Key", batchId.ToString("D"));
        request.Headers.Add("Content-SHA256", bodyHash);
        return request;
    }

    /// <summary>Makes or changes something of the project.</summary>
    internal async Task<JsonElement> Send(HttpMethod method, string path, string json)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(json, null, "application/json") };
        using var answer = await _http.SendAsync(request);
        return await Json(answer);
    }

    internal async Task<JsonElement> Read(string path)
    {
        using var answer = await Get(path);
        return await Json(answer);
    }

    /// <summary>All pages of a list, by their Link headers.</summary>
    internal async Task<List<JsonElement>> ReadAll(string path, string list)
    {
        var items = new List<JsonElement>();
        for (var next = path; next is not null;)
        {
            using var answer = await Get(next);
            items.AddRange((await Json(answer)).GetProperty(list).EnumerateArray());
            next = answer.Headers.TryGetValues("Link", out var links) ? links.First().Split('<', '>')[1] : null;
        }

        return items;
    }

    /// <summary>
    /// Asks, and asks again while the server says that it is away: after a fault silos find out for a while whether they still belong to
    /// the others.
    /// </summary>
    private async Task<HttpResponseMessage> Get(string path)
    {
        for (var question = 1; ; question++)
        {
            try
            {
                var answer = await _http.GetAsync(path);
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || question == MaxQuestions)
                    return answer;
                answer.Dispose();
            }
            catch (HttpRequestException) when (question < MaxQuestions)
            {
                // Its connection was one to a process that is gone.
            }

            await Task.Delay(BetweenQuestions, TimeProvider.System);
        }
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
