using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using EsoCore.Tests.Silo;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Workflows;

/// <summary>
/// A whole server with a project whose teams each have one person, a real mail server and a real gateway for text messages. Its clock leaps.
/// </summary>
internal sealed class WorkflowServer : IAsyncDisposable
{
    /// <summary>The domain of the people's addresses, <c>&lt;team&gt;@</c> it.</summary>
    public const string Domain = "plant.example";

    private static readonly string[] Teams = ["maintenance", "safety", "security", "it"];

    private readonly string _data = Directory.CreateTempSubdirectory("esocore-workflow-").FullName;
    private RunningSilo _silo = null!;

    private WorkflowServer(SmtpReceiver mail, HttpReceiver gateway) => (Mail, Gateway) = (mail, gateway);

    public LeapingClock Clock { get; } = new();

    public SmtpReceiver Mail { get; }

    public HttpReceiver Gateway { get; }

    public SeededDevice Device { get; private set; } = null!;

    public DateTimeOffset Now => Clock.GetUtcNow();

    /// <summary>What the server is made of, for damage that no call can do.</summary>
    public IServiceProvider Services => _silo.Services;

    public Task<(int Status, JsonElement Json)> Send(HttpMethod method, string path, string? json = null) =>
        _silo.Send(method, path, Device.ProjectKey, json);

    public static async Task<WorkflowServer> Start()
    {
        var server = new WorkflowServer(SmtpReceiver.Start(), await HttpReceiver.StartAsync());
        var settings = new Dictionary<string, string?>
        {
            ["EsoCore:Notifications:Smtp:Host"] = "127.0.0.1",
            ["EsoCore:Notifications:Smtp:Port"] = server.Mail.Port.ToString(CultureInfo.InvariantCulture),
            ["EsoCore:Notifications:TrustedCertificates"] = server.Mail.RootFile,
            ["EsoCore:Notifications:AllowedNetworks:0"] = "127.0.0.0/8",
            ["EsoCore:Api:SeedEnabled"] = "true",
            ["EsoCore:Notifications:GroupWait"] = "00:00:02",
        };
        server._silo = await RunningSilo.Start(server._data, settings, server.Clock);
        server.Device = await server._silo.Seed();
        await server.AddPeople();
        return server;
    }

    public Task<(int Status, JsonElement Json)> Get(string path) => Get(path, Device.ProjectKey);

    public Task<(int Status, JsonElement Json)> Get(string path, string projectKey) => _silo.Send(HttpMethod.Get, path, projectKey);

    /// <summary>A further project with one device.</summary>
    public Task<SeededDevice> Seed() => _silo.Seed();

    public async Task<JsonElement> Make(string path, string json, HttpMethod? method = null)
    {
        var (status, answer) = await _silo.Send(method ?? HttpMethod.Post, path, Device.ProjectKey, json);
        Assert.True(status is 200 or 201, $"{path}: {status} {answer}");
        return answer;
    }

    /// <summary>Uploads records, each as JSON without its time, at these times.</summary>
    public Task Upload(params (DateTimeOffset At, string Record)[] records) => Upload(Device, records);

    /// <summary>The same from another device.</summary>
    public async Task Upload(SeededDevice device, (DateTimeOffset At, string Record)[] records)
    {
        var body = string.Join(",", records.Select(r => $"{{\"ts\":\"{r.At.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}\",{r.Record[1..]}"));
        var (batch, status, answer) = (Guid.NewGuid(), 0, default(JsonElement));
        // As a device does: what was under way when the clock leapt has run out of time, and is sent again.
        await Eventually.Holds(
            async () => ((status, answer) = await _silo.Upload(device, $"[{body}]", batch)).Item1 is not 503, () => $"{status} {answer}");
        Assert.True(status == 200 && answer.GetProperty("rejected").GetInt32() == 0, $"{status} {answer}");
    }

    /// <summary>Uploads one event that happens now.</summary>
    public Task Event(string name, string meta = "{}") => Upload((Now, Record(name, meta)));

    /// <summary>A heartbeat, sent again where it ran out of time while the clock leapt.</summary>
    public async Task Beat(string json)
    {
        var (status, answer) = (0, default(JsonElement));
        await Eventually.Holds(
            async () => ((status, answer) = await _silo.Beat(Device, json)).Item1 is not 503, () => $"{status} {answer}");
        Assert.True(status == 200, $"{status} {answer}");
    }

    public static string Record(string name, string meta = "{}") => $$"""{"series":"{{name}}","val":null,"unit":null,"meta":{{meta}}}""";

    /// <summary>The newest incident of a rule, as soon as it is as asked.</summary>
    public async Task<JsonElement> Incident(string rule, string status = "open")
    {
        JsonElement list = default;
        await Eventually.Holds(
            async () =>
            {
                (_, list) = await Get($"/api/incidents?rule={rule}");
                // What is under way when the clock leaps has run out of time, and is asked again.
                return list.TryGetProperty("incidents", out var found)
                    && found.GetArrayLength() > 0 && found[0].GetProperty("status").GetString() == status;
            },
            () => $"There is no {status} incident of {rule}: {list}");
        return list.GetProperty("incidents")[0];
    }

    public async Task<ImmutableArray<JsonElement>> Incidents()
    {
        var found = default(JsonElement);
        await Eventually.Holds(
            async () => (await Get("/api/incidents")).Json.TryGetProperty("incidents", out found), () => "The incidents are not told.");
        return [.. found.EnumerateArray()];
    }

    /// <summary>Waits for a mail to a team's person, whose subject or text holds a word.</summary>
    public Task<ReceivedMail> MailTo(string team, string word) => First(Mail.Until(1, mail => IsTo(mail, team) && Holds(mail, word)));

    /// <summary>Waits for a text message to a team's person that holds a word.</summary>
    public Task<ReceivedRequest> TextTo(string team, string word) => First(Gateway.Until(1, text => IsTo(text, team) && text.Text.Contains(word)));

    public async Task<JsonElement> Ticket(string kind)
    {
        JsonElement list = default;
        await Eventually.Holds(
            async () =>
            {
                (_, list) = await Get("/api/tickets");
                return list.TryGetProperty("tickets", out var found) && found.EnumerateArray().Any(t => t.GetProperty("kind").GetString() == kind);
            },
            () => $"There is no ticket {kind}: {list}");
        return list.GetProperty("tickets").EnumerateArray().Single(t => t.GetProperty("kind").GetString() == kind);
    }

    public static bool IsTo(ReceivedMail mail, string team) => mail.To.Contains($"{team}@{Domain}");

    public static bool IsTo(ReceivedRequest text, string team) => text.Json.GetProperty("to").GetString() == Phone(team);

    public async ValueTask DisposeAsync()
    {
        await _silo.DisposeAsync();
        await Mail.DisposeAsync();
        await Gateway.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    private async Task<T> First<T>(Task<ImmutableArray<T>> coming)
    {
        try
        {
            return (await coming)[0];
        }
        catch (TimeoutException)
        {
            var (_, deliveries) = await Get("/api/deliveries");
            Assert.Fail($"It did not come. Incidents: {string.Join('\n', await Incidents())}\nDeliveries: {deliveries}");
            throw;
        }
    }

    private static bool Holds(ReceivedMail mail, string word) => mail.Subject.Contains(word) || mail.Text.Contains(word);

    private static string Phone(string team) => $"+4917012345{Array.IndexOf(Teams, team):00}";

    private async Task AddPeople()
    {
        await Make("/api/channels", JsonSerializer.Serialize(new
        {
            id = "gateway",
            name = "Text messages",
            kind = "sms",
            url = Gateway.Url + "/sms",
            settings = new { body = """{"to":"{{to}}","text":"{{text}}"}""" },
        }));
        foreach (var team in Teams)
        {
            await Make("/api/people", JsonSerializer.Serialize(new { id = team, name = $"On {team}", email = $"{team}@{Domain}", phone = Phone(team) }));
            await Make($"/api/teams/{team}", $$"""{"members":["person:{{team}}"]}""", HttpMethod.Patch);
        }
    }
}
