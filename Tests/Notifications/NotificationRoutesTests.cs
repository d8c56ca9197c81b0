using System.Net.Http.Headers;
using System.Text;
using EsoCore.Api;
using EsoCore.Grains;
using EsoCore.History;
using EsoCore.Notifications;
using EsoCore.Projects;
using EsoCore.Silo.Channels;
using EsoCore.Tests.Api;
using EsoCore.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>The routes before real grains and real channels, at a real mail server and a real HTTP receiver.</summary>
public sealed partial class NotificationRoutesTests : IAsyncLifetime
{
    private readonly SmtpReceiver _smtp = SmtpReceiver.Start();
    private readonly HttpClient _http = new();
    private HttpReceiver _receiver = null!;
    private NotifierCluster _cluster = null!;
    private WebApplication _app = null!;
    private IssuedKey _key = null!;
    private Guid _project;

    public async Task InitializeAsync()
    {
        _receiver = await HttpReceiver.StartAsync();
        _cluster = await NotifierCluster.StartAsync(services =>
        {
            services.AddChannels();
            services.Configure<Grains.Notifications.NotificationOptions>(options =>
            {
                (options.Smtp.Host, options.Smtp.Port, options.Smtp.From) = ("127.0.0.1", _smtp.Port, "esocore@example.com");
                (options.Smtp.User, options.Smtp.Password, options.TrustedCertificates) = ("robot", "secret", _smtp.RootFile);
            });
        });
        _smtp.Login = ("robot", "secret");
        var created = await _cluster.Grains.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject("Acme");
        (_project, _key) = (created.Project.Id, created.Key);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(_cluster.Time);
        builder.Services.AddSingleton(_cluster.Grains);
        builder.Services.AddSingleton<IHistory>(new FakeHistory(new FakeGrains()));
        builder.Services.AddSingleton<IInstallationKeys>(_cluster.Cluster.Keys);
        builder.Services.AddInstallationSwitches();
        builder.Services.AddEsoCoreApi();
        _app = builder.Build();
        _app.UseEsoCoreApi();
        _app.MapEsoCoreApi();
        await _app.StartAsync();
        _http.BaseAddress = new Uri(_app.Urls.Single());
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_key.Id:D}:{_key.Secret}"));
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", basic);
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        await _cluster.DisposeAsync();
        await _receiver.DisposeAsync();
        await _smtp.DisposeAsync();
    }

    [Fact]
    public async Task People_AllFaultsAtOnce_AndEditsByETag()
    {
        var faulty = await Send("POST", "/api/people", """{"id":"a/b","email":"x","quiet_hours":{"from":"7"}}""");
        faulty.IsProblem(400, "bad_request");
        Assert.Equal(["id", "name", "quiet_hours.to", "email", "quiet_hours.from"], Fields(faulty));
        faulty = await Send("POST", "/api/people",
            """{"name":"Max","email":"x","phone":"1","slack":"?","quiet_hours":{"from":"7","to":"8","time_zone":"here","below":"bad"}}""");
        Assert.Equal(
            ["email", "phone", "slack", "quiet_hours.from", "quiet_hours.to", "quiet_hours.time_zone", "quiet_hours.below"],
                Fields(faulty));

        var made = (await Send("POST", "/api/people", """{"id":"max","name":"Max","email":"max@example.com"}""")).Is(201);
        Assert.Equal(("\"1\"", "/api/people/max"), (made.Header("ETag"), made.Header("Location")));
        (await Send("POST", "/api/people", """{"id":"max","name":"Max"}""")).IsProblem(409, "already_exists");
        (await Send("PATCH", "/api/people/max", """{"phone":"+4917012345"}""", "\"7\"")).IsProblem(412, "precondition_failed");
        var changed = (await Send("PATCH", "/api/people/max", """{"phone":"+4917012345","email":null}""", "\"1\"")).Is(200).Json;
        Assert.Equal(("+4917012345", System.Text.Json.JsonValueKind.Null),
            (changed.GetProperty("phone").GetString(), changed.GetProperty("email").ValueKind));
        Assert.Single((await Send("GET", "/api/people")).Is(200).Json.GetProperty("people").EnumerateArray());
        (await Send("DELETE", "/api/people/max")).Is(204);
        (await Send("GET", "/api/people/max")).IsProblem(404, "not_found");
    }

    [Fact]
    public async Task Teams_BuiltInOnes_AreThereAndCanBeEdited()
    {
        var teams = (await Send("GET", "/api/teams")).Is(200).Json.GetProperty("teams").EnumerateArray()
            .Select(t => t.GetProperty("id").GetString());
        Assert.Equal(["it", "maintenance", "owner", "safety", "security"], teams);
        Assert.Equal("\"0\"", (await Send("GET", "/api/teams/safety")).Is(200).Header("ETag"));
        var faulty = await Send("PATCH", "/api/teams/safety", """{"members":["max","person:"],"via":["pigeon"],"contact_email":"x"}""");
        Assert.Equal(["members[0]", "members[1]", "via[0]", "contact_email"], Fields(faulty));
        faulty = await Send("PATCH", "/api/teams/safety", """{"name":5,"members":["person:max"],"via":["pigeon"]}""");
        Assert.Equal(["name", "via[0]", "members[0]"], Fields(faulty));
        (await Send("POST", "/api/people", """{"id":"max","name":"Max"}""")).Is(201);
        var edited = (await Send("PATCH", "/api/teams/safety", """{"members":["person:max"]}""", "\"0\"")).Is(200);
        Assert.Equal("\"1\"", edited.Header("ETag"));
        (await Send("POST", "/api/teams", """{"id":"it","name":"x"}""")).IsProblem(409, "already_exists");
        (await Send("DELETE", "/api/teams/safety")).Is(204);
        Assert.Empty((await Send("GET", "/api/teams/safety")).Is(200).Json.GetProperty("members").EnumerateArray());
        (await Send("PATCH", "/api/teams/safety", """{"members":["person:max"]}""")).Is(200);
        Assert.Equal(5, (await Send("GET", "/api/teams")).Json.GetProperty("teams").GetArrayLength());
    }

    [Fact]
    public async Task Silences_AndWindows_AreCheckedWhole()
    {
        Assert.Equal(["matchers", "from", "to", "comment"], Fields(await Send("POST", "/api/silences", "{}")));
        var faulty = await Send("POST", "/api/silences",
            """{"matchers":{"severities":["bad"]},"from":"2025-01-15T12:00:00Z","to":"2025-01-15T11:00:00Z","comment":"why"}""");
        Assert.Equal(["matchers.severities[0]", "to"], Fields(faulty));
        var made = (await Send("POST", "/api/silences",
            """{"id":"s","matchers":{"sites":["HALL"]},"from":"2025-01-15T12:00:00Z","to":"2025-01-15T13:00:00Z","comment":"why"}"""))
                .Is(201).Json;
        Assert.Equal($"key:{_key.Id:D}", made.GetProperty("created_by").GetString());
        (await Send("PATCH", "/api/silences/s", """{"to":"2025-01-15T14:00:00Z"}""")).Is(200);

        faulty = await Send("POST", "/api/maintenance-windows",
            """{"name":"w","weekly":{"days":["so"],"from":"22:00","to":"22:00","time_zone":"x"},"from":"2025-01-15T12:00:00Z"}""");
        Assert.Equal(["sites", "weekly", "weekly.days", "weekly.to", "weekly.time_zone"], Fields(faulty));
        (await Send("POST", "/api/maintenance-windows",
            """{"id":"w","name":"w","sites":["HALL"],"weekly":{"days":["sun"],"from":"22:00","to":"04:00","time_zone":"Europe/Berlin"}}"""))
                .Is(201);
        var change = """{"weekly":null,"from":"2025-01-15T12:00:00Z","to":"2025-01-15T13:00:00Z"}""";
        (await Send("PATCH", "/api/maintenance-windows/w", change)).Is(200);
    }

    [Fact]
    public async Task Templates_EditPreviewAndBack()
    {
        Assert.Equal(42, (await Send("GET", "/api/templates")).Is(200).Json.GetProperty("templates").GetArrayLength());
        (await Send("GET", "/api/templates/email.nothing")).IsProblem(404, "not_found");
        (await Send("PUT", "/api/templates/email.nothing", """{"text":"x"}""")).IsProblem(404, "not_found");
        Assert.Equal(["text"], Fields(await Send("PUT", "/api/templates/email.opened", """{"text":"{{#if x}}"}""")));
        var preview = (await Send("POST", "/api/templates/email.opened/preview", """{"text":"{{incident.device.serial}} broke"}"""))
            .Is(200).Json;
        Assert.Equal("SN-1001 broke", preview.GetProperty("text").GetString());
        Assert.NotNull((await Send("POST", "/api/templates/email.opened/preview", """{"text":"{{> x}}"}"""))
            .Is(200).Json.GetProperty("fault").GetString());
        (await Send("POST", "/api/templates/email.opened/preview")).Is(200);
        var put = (await Send("PUT", "/api/templates/email.opened", """{"text":"{{incident.device.serial}} broke"}""", "\"0\"")).Is(201);
        Assert.Equal(("\"1\"", false), (put.Header("ETag"), put.Json.GetProperty("built_in").GetBoolean()));
        (await Send("DELETE", "/api/templates/email.opened")).Is(204);
        Assert.True((await Send("GET", "/api/templates/email.opened")).Is(200).Json.GetProperty("built_in").GetBoolean());
    }

    [Fact]
    public async Task Channel_TestedThroughARealReceiver_ShowsNoSecret()
    {
        var made = (await Send("POST", "/api/channels",
            $$"""{"id":"hook","name":"Hook","kind":"webhook","url":"{{_receiver.Url}}/token-in-path","secret":"0123456789abcdef"}"""))
                .Is(201);
        Assert.DoesNotContain("token-in-path", made.Text);
        Assert.DoesNotContain("0123456789abcdef", made.Text);
        Assert.Equal(_receiver.Url, made.Json.GetProperty("target").GetString());
        Assert.DoesNotContain("token-in-path", (await Send("GET", "/api/channels")).Is(200).Text);
        var tested = (await Send("POST", "/api/channels/hook/test")).Is(200).Json;
        Assert.Equal(("delivered", "200 ok"), (tested.GetProperty("outcome").GetString(), tested.GetProperty("detail").GetString()));
        Assert.Equal("/token-in-path", Assert.Single(_receiver.Requests).Path);
        _receiver.AnswerStatus(503);
        Assert.Equal("retryable", (await Send("POST", "/api/channels/hook/test", "{}")).Is(200).Json.GetProperty("outcome").GetString());
        (await Send("POST", "/api/channels/none/test")).IsProblem(404, "not_found");
        Assert.Equal(["url", "secret"], Fields(await Send("PATCH", "/api/channels/hook", """{"url":"ftp://x","secret":null}""")));
    }

    [Fact]
    public async Task Channel_MovedToAnotherServer_TakesNoSecretAlong()
    {
        (await Send("POST", "/api/channels",
            $$"""{"id":"hook","name":"Hook","kind":"webhook","url":"{{_receiver.Url}}/a","secret":"0123456789abcdef"}""")).Is(201);
        (await Send("PATCH", "/api/channels/hook", $$"""{"url":"{{_receiver.Url}}/b"}""")).Is(200);
        Assert.Equal(["secret"], Fields(await Send("PATCH", "/api/channels/hook", """{"url":"https://evil.example.com/b"}""")));
        (await Send("PATCH", "/api/channels/hook",
            """{"url":"https://new.example.com/b","secret":"fedcba9876543210"}""")).Is(200);
    }

    [Fact]
    public async Task Channel_WithOtherSecurity_TakesNoPasswordAlong()
    {
        (await Send("POST", "/api/channels",
            """{"id":"mail","name":"Mail","kind":"email","password":"secret","settings":"""
            + """{"host":"mail.example.com","from":"a@example.com","user":"robot"}}""")).Is(201);
        (await Send("PATCH", "/api/channels/mail", """{"settings":{"security":"starttls"}}""")).Is(200); // As it is by default.
        Assert.Equal(["password"], Fields(await Send("PATCH", "/api/channels/mail", """{"settings":{"security":"none"}}""")));
        (await Send("PATCH", "/api/channels/mail", """{"settings":{"security":"none"},"password":"other"}""")).Is(200);
    }

    [Fact]
    public async Task Silences_LongOver_MakeRoomForNewOnes()
    {
        async Task Create(string id, DateTimeOffset to) => (await Send("POST", "/api/silences",
            $$$"""{"id":"{{{id}}}","matchers":{"sites":["A"]},"from":"{{{to.AddHours(-1):O}}}","to":"{{{to:O}}}","comment":"c"}""")).Is(
            201);
        var now = _cluster.Time.GetUtcNow();
        foreach (var (id, days) in new[] { ("a", 31), ("b", 29), ("c", 40), ("d", 1) })
            await Create(id, now.AddDays(-days));
        await Create("e", now.AddDays(1));
        var left = (await Send("GET", "/api/silences")).Is(200).Json.GetProperty("silences").EnumerateArray();
        Assert.Equal(["b", "d", "e"], left.Select(s => s.GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task Notice_ReachesPeopleByRealMailAndARealWebhook_AndTheDeliveriesTellOfIt()
    {
        (await Send("POST", "/api/people", """{"id":"max","name":"Max","email":"max@example.com"}""")).Is(201);
        (await Send("POST", "/api/channels",
            $$"""{"id":"hook","name":"Hook","kind":"webhook","url":"{{_receiver.Url}}/hook","secret":"0123456789abcdef"}""")).Is(201);
        (await Send("PATCH", "/api/teams/safety", """{"members":["person:max","channel:hook"]}""")).Is(200);
        var incident = Notices.Incident() with { ProjectId = _project };
        await _cluster.Grains.GetGrain<INotifierGrain>($"{_project:D}/team:safety").Enqueue([Notices.Of(incident)]);
        _cluster.Time.Advance(TimeSpan.FromSeconds(1));
        var mail = Assert.Single(await _smtp.Until(1));
        var request = Assert.Single(await _receiver.Until(1));
        Assert.Equal(("[critical] Power outage", true, "robot"), (mail.Subject, mail.WasEncrypted, mail.User));
        Assert.Equal(incident.Id, request.Json.GetProperty("notices")[0].GetProperty("incident").GetProperty("id").GetGuid());
        await _cluster.Work.Until(() => _cluster.Work.Items.Count(i => i.Status == "delivered") == 2);

        var deliveries = (await Send("GET", $"/api/deliveries?status=delivered&incident={incident.Id}"))
            .Is(200).Json.GetProperty("deliveries");
        Assert.Equal(2, deliveries.GetArrayLength());
        var first = deliveries.EnumerateArray().Single(d => d.GetProperty("kind").GetString() == "email");
        Assert.Equal(("max@example.com", "max", 1),
            (first.GetProperty("address").GetString(), first.GetProperty("person").GetString(), first.GetProperty("attempts").GetInt32()));
        var id = first.GetProperty("id").GetGuid();
        Assert.Contains(id.ToString("D"), mail.Header("Message-Id"));
        (await Send("GET", $"/api/deliveries/{id}")).Is(200);
        (await Send("POST", $"/api/deliveries/{id}/send-again")).IsProblem(400, "invalid");
        Assert.Empty((await Send("GET", "/api/deliveries?status=dead")).Is(200).Json.GetProperty("deliveries").EnumerateArray());
        (await Send("GET", "/api/deliveries?status=lost")).IsProblem(400, "bad_request");
    }

    private static string[] Fields(Reply reply) =>
        [.. reply.Is(400).Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()!)];

    private async Task<Reply> Send(string method, string path, string? json = null, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        using var response = await _http.SendAsync(request);
        return new Reply(response, await response.Content.ReadAsByteArrayAsync());
    }
}
