using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using EsoCore.Api;
using EsoCore.Silo.Hosting;
using EsoCore.Tests.Support;
using EsoCore.Tests.Tidy;
using Xunit;

namespace EsoCore.Tests.Silo;

/// <summary>
/// What the server takes and answers is what its OpenAPI document says, route by route, with nothing that the document keeps silent about.
/// </summary>
public sealed partial class DocumentedAnswersTests : IDisposable
{
    private const string Device = "/api/iot/v1";
    private readonly string _data = Directory.CreateTempSubdirectory("esocore-document-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Every_route_answers_as_the_document_says()
    {
        await using var silo = await RunningSilo.Start(_data, new Dictionary<string, string?> { ["EsoCore:Api:SeedEnabled"] = "true" });
        var client = new StrictClient(silo.Http, new ApiDocument((await silo.Send(HttpMethod.Get, "/openapi/v1.json")).Json));
        var seed = await client.Ask(201, HttpMethod.Post, "/v1/seed", "");
        client.DeviceId = seed.GetProperty("device").GetProperty("id").GetString()!;
        client.DeviceSecret = seed.GetProperty("device_api_key_secret").GetString()!;
        client.OperatorKey = $"operator:{OperatorKey.PasswordOf(MasterKeyFile.Open(_data).Current(KeyPurposes.Operator))}";
        client.ProjectKey = Key(seed, "project_api_key");
        client.DeviceKey = Key(seed, "device_api_key");

        await AskAsDevice(client);
        await AskForHistory(client);
        await Manage(client);
        await ManageNotifications(client, silo);
        await ManageIncidents(client);
        await ManageRules(client);
        await AskTheRest(client);

        Assert.Empty(client.NotAsked);
    }

    private static async Task AskAsDevice(StrictClient client)
    {
        var batch = Batch().Replace("$NOW", "2026-01-15T14:30:22");
        Assert.Equal(4, (await client.Upload(200, batch)).GetProperty("accepted").GetInt32());
        await client.Upload(200, """
            {"sent_at":"2026-01-15T14:31:00Z","records":[
             {"ts":"2026-01-15T14:31:23Z","series":"power_outage","val":null,"unit":null,
              "meta":{"event_type":"power","severity":"critical"}},
             {"ts":"2026-01-15T14:31:24Z","series":"vibration","window_s":4,"stats":{"rms":0.8},"samples":8000},
             {"ts":"2026-01-15T14:31:28Z","series":"vibration","window_s":1,"rate_hz":2,"encoding":"i16le","scale":0.5,"raw":"AQACAA=="},
             {"series":"lost","val":1}]}
            """, ("X-Upload-Cursor", "a.log:8"));
        await client.Upload(400, "[]", ("Content-SHA256", new string('0', 64)));
        await client.Upload(401, "[]", ("X-Auth-Key", "wrong"));
        await client.Call(200, HttpMethod.Post, "/auth/handshake", """{"timestamp":1768487400000}""");
        await client.Call(200, HttpMethod.Post, "/auth/handshake", null);
        await client.Call(200, HttpMethod.Post, "/heartbeat", """
            {"firmware_version":"1.2.3","config_version":1,"sd":{"used_bytes":5},"backlog":{"records":0}}
            """);
        await client.Call(200, HttpMethod.Post, "/heartbeat", null);
        await client.Call(200, HttpMethod.Get, "/config", null);
        await client.Call(200, HttpMethod.Get, "/ota/check", null);
        await client.Call(200, HttpMethod.Post, "/ota/report", """{"status":"completed","version":"1.3.0"}""");
        await client.Call(400, HttpMethod.Post, "/ota/report", """{"status":"exploded"}""");
    }

    private static async Task AskForHistory(StrictClient client)
    {
        Assert.Equal(2, (await client.Get(200, "/api/devices/{id}/twin")).GetProperty("counters").GetProperty("batches").GetInt32());
        Assert.Equal(2, (await client.Get(200, "/api/devices/{id}/points")).GetProperty("points").GetArrayLength());
        var hours = await client.Get(200, "/api/devices/{id}/points", "?metric=torque&bucket=1h&agg=min,sum");
        Assert.Equal(1, hours.GetProperty("buckets").GetArrayLength());
        Assert.Equal(2, (await client.Get(200, "/api/devices/{id}/windows")).GetProperty("windows").GetArrayLength());
        Assert.NotEqual(0, (await client.Get(200, "/api/devices/{id}/events")).GetProperty("events").GetArrayLength());
        Assert.Equal(2, (await client.Get(200, "/api/devices/{id}/batches")).GetProperty("batches").GetArrayLength());
        Assert.Equal(1, (await client.Get(200, "/api/devices/{id}/rejected")).GetProperty("rejected").GetArrayLength());
        Assert.NotEqual(0, (await client.Get(200, "/api/points")).GetProperty("points").GetArrayLength());
        Assert.NotEqual(0, (await client.Get(200, "/api/events")).GetProperty("events").GetArrayLength());
        await client.Get(400, "/api/points", "?limit=0&from=yesterday");
    }

    private static async Task Manage(StrictClient client)
    {
        await client.Ask(201, HttpMethod.Post, "/api/devices", client.ProjectKey, """{"serial":"SN-1","model":"SD 400"}""");
        await client.Ask(409, HttpMethod.Post, "/api/devices", client.ProjectKey, """{"serial":"SN-1","model":"SD 400"}""");
        Assert.Equal(2, (await client.Get(200, "/api/devices")).GetProperty("devices").GetArrayLength());
        await client.Get(200, "/api/devices/{id}");
        await client.Ask(200, HttpMethod.Patch, "/api/devices/{id}", client.ProjectKey, """
            {"site_id":"S","config":{"sampling_rates":{"temp":2},"led":true}}
            """);

        client.Names["/api/sites/{id}"] = "S";
        await client.Ask(201, HttpMethod.Post, "/api/sites", client.ProjectKey, """
            {"id":"S","name":"Hall","operating_hours":{"mon":[{"from":"06:00","to":"22:00"}]}}
            """);
        await client.Get(200, "/api/sites/{id}");
        await client.Ask(200, HttpMethod.Patch, "/api/sites/{id}", client.ProjectKey, """{"address":"1 Foundry Road"}""");
        Assert.Equal(1, (await client.Get(200, "/api/sites")).GetProperty("sites").GetArrayLength());
        await client.Ask(204, HttpMethod.Delete, "/api/sites/{id}", client.ProjectKey);
        await client.Get(404, "/api/sites/{id}");

        client.Names["/api/assets/{id}"] = "DOOR_1";
        await client.Get(200, "/api/assets/{id}");
        await client.Ask(201, HttpMethod.Post, "/api/assets", client.ProjectKey, """
            {"asset_id":"DOOR_1","type":"door","installed_on":"2024-05-01"}
            """);
        await client.Ask(200, HttpMethod.Patch, "/api/assets/{id}", client.ProjectKey, """{"make":"Acme"}""");
        await client.Get(200, "/api/assets/{id}");
        Assert.Equal(1, (await client.Get(200, "/api/assets")).GetProperty("assets").GetArrayLength());
        await client.Ask(204, HttpMethod.Delete, "/api/assets/{id}", client.ProjectKey);

        client.Names["/api/config-profiles/{model}"] = "M";
        await client.Ask(201, HttpMethod.Put, "/api/config-profiles/{model}", client.ProjectKey, """
            {"upload_interval_s":30,"thresholds":{"t":[1]},"led":{"on":true}}
            """);
        await client.Ask(200, HttpMethod.Put, "/api/config-profiles/{model}", client.ProjectKey, """{"sampling_rates":{"temp":2}}""");
        await client.Get(200, "/api/config-profiles/{model}");
        Assert.Equal(1, (await client.Get(200, "/api/config-profiles")).GetProperty("config_profiles").GetArrayLength());
        await client.Ask(204, HttpMethod.Delete, "/api/config-profiles/{model}", client.ProjectKey);

        await client.Get(200, "/api/project");
        await client.Ask(200, HttpMethod.Patch, "/api/project", client.ProjectKey, """{"retention_days":3650}""");
    }

    private static async Task ManageRules(StrictClient client)
    {
        const string Hot = """{"name":"Hot","condition":{"type":"threshold","metric":"temp","above":80,"for_s":60}}""";
        client.Names["/api/rules/{id}"] = "sd_error";
        Assert.True((await client.Get(200, "/api/rules/{id}")).GetProperty("built_in").GetBoolean());
        await client.Ask(200, HttpMethod.Patch, "/api/rules/{id}", client.ProjectKey, """{"enabled":false,"severity":null}""");
        await client.Ask(204, HttpMethod.Delete, "/api/rules/{id}", client.ProjectKey);
        await client.Get(404, "/api/rules/{id}");
        await client.Ask(201, HttpMethod.Post, "/api/rules", client.ProjectKey, Hot);
        await client.Ask(400, HttpMethod.Post, "/api/rules", client.ProjectKey, """{"name":"x","condition":{"type":"event"}}""");
        Assert.True((await client.Get(200, "/api/rules")).GetProperty("rules").GetArrayLength() > 11);
        await client.Get(200, "/api/rules/schema");
        var tried = await client.Ask(200, HttpMethod.Post, "/api/rules/try", client.ProjectKey, """
            {"rule":{"name":"Outage","condition":{"type":"event","types":["power_outage"]}},
            "from":"2026-01-15T00:00:00Z","to":"2026-01-16T00:00:00Z"}
            """);
        Assert.NotEqual(0, tried.GetProperty("episodes").GetArrayLength());
    }

    private static async Task AskTheRest(StrictClient client)
    {
        await client.Ask(201, HttpMethod.Post, "/v1/devices/{id}/firmware_version", client.DeviceKey, """{"version":"1.2.4"}""");
        Assert.NotEqual(0, (await client.Get(200, "/v1/devices/{id}/firmware_version")).GetArrayLength());
        await client.Ask(200, HttpMethod.Post, "/v1/token", client.ProjectKey);
        await client.Ask(401, HttpMethod.Post, "/v1/token", $"{Guid.NewGuid()}:x");
        await client.AskForm(200, "/oauth2/token", client.DeviceKey, "grant_type=client_credentials");
        await client.AskForm(400, "/oauth2/token", client.DeviceKey, "grant_type=password");
        await client.Get(400, "/api/stream", "?kinds=dogs&device=7"); // What it answers else has no end.
        await client.Ask(401, HttpMethod.Get, "/api/installation", client.ProjectKey);
        await client.Ask(200, HttpMethod.Get, "/api/installation", client.OperatorKey);
        await client.Ask(201, HttpMethod.Put, "/api/installation", client.OperatorKey, """{"sampling_scale":0.5}""");
        await client.Ask(200, HttpMethod.Put, "/api/installation", client.OperatorKey, "{}");
        await client.Get(200, "/health/live");
        await client.Get(200, "/health/ready");
        await client.Get(200, "/metrics");
    }

    private static string Key(JsonElement seed, string name) =>
        $"{seed.GetProperty(name).GetProperty("id").GetString()}:{seed.GetProperty(name + "_secret").GetString()}";

    /// <summary>The batch that README.md has newcomers send.</summary>
    private static string Batch() => Heredoc().Match(Repository.Read("README.md")).Groups[1].Value;

    [GeneratedRegex("batch.json <<EOF\n(.*?)EOF\n", RegexOptions.Singleline)]
    private static partial Regex Heredoc();

    /// <summary>A client that sends nothing and believes nothing but what the document says.</summary>
    private sealed class StrictClient(HttpClient http, ApiDocument document)
    {
        private readonly HashSet<string> _asked = [];

        public string DeviceId { get; set; } = "";

        public string DeviceSecret { get; set; } = "";

        public string ProjectKey { get; set; } = "";

        public string OperatorKey { get; set; } = "";

        public string DeviceKey { get; set; } = "";

        /// <summary>What stands for the parameter of a path; devices' ids elsewhere.</summary>
        public Dictionary<string, string> Names { get; } = [];

        public IEnumerable<string> NotAsked =>
            document.Operations.Select(o => $"{o.Method} {o.Path}").Where(name => !_asked.Contains(name));

        public Task<JsonElement> Get(int status, string path, string query = "") =>
            Ask(status, HttpMethod.Get, path, ProjectKey, query: query);

        public Task<JsonElement> Ask(int status, HttpMethod method, string path, string key, string? json = null, string query = "")
        {
            var request = Request(method, path, query, json);
            if (key.Length > 0)
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(key)));
            return Send(status, method, path, request);
        }

        public Task<JsonElement> AskForm(int status, string path, string key, string form)
        {
            var request = Request(HttpMethod.Post, path, "", null);
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(key)));
            request.Content = new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded");
            return Send(status, HttpMethod.Post, path, request);
        }

        public Task<JsonElement> Call(
            int status, HttpMethod method, string path, string? json, params (string Name, string Value)[] headers)
        {
            var request = Request(method, Device + path, "", json);
            request.Headers.Add("X-Device-Id", DeviceId);
            if (headers.All(header => header.Name != "X-Auth-Key"))
                request.Headers.Add("X-Auth-Key", DeviceSecret);
            foreach (var (name, value) in headers)
                request.Headers.Add(name, value);
            return Send(status, method, Device + path, request);
        }

        public Task<JsonElement> Upload(int status, string records, params (string Name, string Value)[] headers) => Call(
            status, HttpMethod.Post, "/telemetry/batch", records,
            [("Idempotency-Key", $"{Guid.NewGuid()}"), .. Hash(records, headers), .. headers]);

        private static IEnumerable<(string, string)> Hash(string records, (string Name, string Value)[] headers) =>
            headers.Any(header => header.Name == "Content-SHA256")
                ? [] : [("Content-SHA256", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(records))))];

        private HttpRequestMessage Request(HttpMethod method, string path, string query, string? json)
        {
            var name = Names.GetValueOrDefault(path) ?? DeviceId;
            var request = new HttpRequestMessage(method, path.Replace("{id}", name).Replace("{model}", name) + query);
            if (json is null)
                return request;
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
            var schema = ApiDocument.RequestSchema(document.Operation(method, path));
            AssertNone(document.Checker.Check(schema, JsonDocument.Parse(json).RootElement, closed: false), $"the body of {method} {path}");
            return request;
        }

        private async Task<JsonElement> Send(int status, HttpMethod method, string path, HttpRequestMessage request)
        {
            _asked.Add($"{method} {path}");
            using var response = await http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(status == (int)response.StatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
            var operation = document.Operation(method, path);
            if (text.Length == 0)
            {
                var told = operation.GetProperty("responses").TryGetProperty($"{status}", out _);
                Assert.True(told, $"{method} {path}: the document has no {status}");
                return default;
            }

            var mediaType = response.Content.Headers.ContentType!.MediaType!;
            var schema = ApiDocument.AnswerSchema(operation, status, mediaType);
            Assert.True(schema is not null, $"{method} {path}: the document has no {status} of {mediaType}");
            if (!mediaType.EndsWith("json", StringComparison.Ordinal))
                return default;
            var answer = JsonDocument.Parse(text).RootElement;
            AssertNone(document.Checker.Check(schema.Value, answer, closed: true), $"{method} {path}: {status}");
            return answer;
        }

        private static void AssertNone(List<string> faults, string where) =>
            Assert.True(faults.Count == 0, $"{where}: {string.Join("\n", faults)}");
    }
}
