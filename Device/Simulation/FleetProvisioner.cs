using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EsoCore.Device;

/// <summary>The server would not make what a simulation needs.</summary>
public sealed class ProvisioningException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Makes the site, assets and devices of a simulation with a project key.</summary>
/// <param name="http">Not disposed.</param>
/// <param name="server">The server's address.</param>
public sealed class FleetProvisioner(HttpClient http, Uri server)
{
    /// <summary>The site that all simulated machines stand in.</summary>
    public const string SiteId = "main-hall";

    private const int MaxDetailLength = 300;

    private static readonly (MachineKind Kind, string Prefix, string Model, string Make, string MachineModel)[] Kinds =
    [
        (MachineKind.Door, "DOOR", "DOOR-LOGGER", "Hall & Gate", "SD-400"),
        (MachineKind.Door, "DOOR", "DOOR-LOGGER", "Hall & Gate", "SD-400"),
        (MachineKind.Cnc, "CNC", "MACHINE-LOGGER", "Millwright", "VM-3"),
        (MachineKind.Robot, "ROBOT", "MACHINE-LOGGER", "Armatura", "R-6"),
        (MachineKind.Pump, "PUMP", "MACHINE-LOGGER", "Flowline", "P-80"),
    ];

    private readonly Uri _root = new(server.AbsoluteUri.TrimEnd('/') + "/");

    /// <summary>The kind and asset code of the device of a number, counted from 0: of each five machines two are doors.</summary>
    public static (MachineKind Kind, string AssetId) MachineOf(int index)
    {
        var (kind, prefix, _, _, _) = Kinds[index % Kinds.Length];
        return (kind, $"{prefix}-{index + 1}");
    }

    /// <summary>Asks a server that allows it for a new project.</summary>
    /// <returns>The project key as <c>id:secret</c>.</returns>
    /// <exception cref="ProvisioningException">Seeding is off, or the server does not answer.</exception>
    public async Task<string> SeedAsync(CancellationToken cancellation)
    {
        var answer = await SendAsync("v1/seed", null, new JsonObject(), cancellation);
        if (answer.Status == HttpStatusCode.NotFound)
            throw new ProvisioningException("The server does not allow seeding (it does when started with --demo); pass --project-key <id:secret>.");
        RequireCreated(answer, "v1/seed");
        return $"{Text(answer.Body, "project_api_key", "id")}:{Text(answer.Body, "project_api_key_secret")}";
    }

    /// <summary>Makes devices with their site and assets. Site and assets that are there already are kept.</summary>
    /// <param name="projectKey"><c>id:secret</c>.</param>
    /// <param name="count">How many devices.</param>
    /// <param name="run">Part of the serials, so that another run makes other devices.</param>
    /// <param name="cancellation">Stops in between.</param>
    /// <exception cref="ProvisioningException">The server refuses.</exception>
    public async Task<IReadOnlyList<FleetDevice>> ProvisionAsync(string projectKey, int count, string run, CancellationToken cancellation)
    {
        var basic = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(projectKey)));
        await EnsureAsync("api/sites", basic, new JsonObject { ["id"] = SiteId, ["name"] = "Main hall", ["time_zone"] = "UTC" }, cancellation);
        var devices = new List<FleetDevice>(count);
        for (var i = 0; i < count; i++)
        {
            var (kind, _, model, make, machineModel) = Kinds[i % Kinds.Length];
            var assetId = MachineOf(i).AssetId;
            await EnsureAsync("api/assets", basic, new JsonObject
            {
                ["asset_id"] = assetId,
                ["site_id"] = SiteId,
                ["type"] = kind.ToString().ToLowerInvariant(),
                ["make"] = make,
                ["model"] = machineModel,
            }, cancellation);
            var made = await SendAsync("api/devices", basic, new JsonObject
            {
                ["serial"] = $"SIM-{run}-{i + 1:D5}",
                ["model"] = model,
                ["site_id"] = SiteId,
                ["tags"] = new JsonObject { ["simulated"] = "true", ["machine"] = kind.ToString().ToLowerInvariant() },
            }, cancellation);
            RequireCreated(made, "api/devices");
            devices.Add(new FleetDevice(new DeviceCredentials(Text(made.Body, "device_id"), Text(made.Body, "device_key", "secret")), kind, SiteId, assetId));
        }

        return devices;
    }

    private async Task EnsureAsync(string path, AuthenticationHeaderValue basic, JsonObject body, CancellationToken cancellation)
    {
        var answer = await SendAsync(path, basic, body, cancellation);
        if (answer.Status != HttpStatusCode.Conflict)
            RequireCreated(answer, path);
    }

    private async Task<(HttpStatusCode Status, JsonNode? Body, string Text)> SendAsync(
        string path, AuthenticationHeaderValue? basic, JsonObject body, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_root, path)) { Content = JsonContent.Create(body) };
            request.Headers.Authorization = basic;
            using var response = await http.SendAsync(request, cancellation);
            var text = await response.Content.ReadAsStringAsync(cancellation);
            return (response.StatusCode, response.IsSuccessStatusCode ? JsonNode.Parse(text) : null, text);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw new ProvisioningException($"POST {new Uri(_root, path)} failed: {e.Message}", e);
        }
    }

    private static void RequireCreated((HttpStatusCode Status, JsonNode? Body, string Text) answer, string path)
    {
        if (answer.Status is not (HttpStatusCode.Created or HttpStatusCode.OK))
            throw new ProvisioningException($"POST {path} was refused with {(int)answer.Status}: {answer.Text[..Math.Min(answer.Text.Length, MaxDetailLength)]}");
    }

    private static string Text(JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            node = (node as JsonObject)?[name];
        return node is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw new ProvisioningException($"The answer lacks {string.Join('.', path.ToArray())}.");
    }
}
