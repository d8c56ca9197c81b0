using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>Devices, sites, assets, config profiles and the project, as a project key manages them.</summary>
public sealed class ManagementTests
{
    [Fact]
    public async Task A_device_is_made_read_listed_and_changed()
    {
        await using var door = await FrontDoor.Open();
        var made = (await door.Send(door.AsProject(HttpMethod.Post, "/api/devices", """{"serial":"SN-9","model":"m","site_id":"S1","tags":{"Line":"A"}}"""))).Is(201);
        var id = made.Json.GetProperty("device_id").GetGuid();
        Assert.Equal($"/api/devices/{id}", made.Header("Location"));
        Assert.Equal("fresh:secret", made.Json.GetProperty("device_key").GetProperty("secret").GetString());
        Assert.NotNull(made.Header("ETag"));
        Assert.Equal("no-store", made.Header("Cache-Control"));
        (await door.Send(door.AsProject(HttpMethod.Post, "/api/devices", """{"serial":"SN-9","model":"m"}"""))).IsProblem(409, "already_exists");

        var read = (await door.Send(door.AsProject(HttpMethod.Get, $"/api/devices/{id}/"))).Is(200);
        Assert.Equal("SN-9", read.Json.GetProperty("serial").GetString());
        Assert.False(read.Json.TryGetProperty("device_key", out _));

        var page = (await door.Send(door.AsProject(HttpMethod.Get, "/api/devices?limit=1"))).Is(200);
        Assert.Equal(1, page.Json.GetProperty("devices").GetArrayLength());
        Assert.Equal("</api/devices?limit=1&after=1>; rel=\"next\"", page.Header("Link"));

        var change = door.AsProject(HttpMethod.Patch, $"/api/devices/{id}", """{"config":{"upload_interval_s":30,"led":{"on":true}}}""");
        change.Headers.TryAddWithoutValidation("If-Match", read.Header("ETag"));
        var changed = (await door.Send(change)).Is(200);
        Assert.Equal("""{"upload_interval_s":30,"led":{"on":true}}""", changed.Json.GetProperty("config").GetRawText());
        Assert.NotEqual(read.Header("ETag"), changed.Header("ETag"));

        var stale = door.AsProject(HttpMethod.Patch, $"/api/devices/{id}", """{"serial":"SN-10"}""");
        stale.Headers.TryAddWithoutValidation("If-Match", read.Header("ETag"));
        (await door.Send(stale)).IsProblem(412, "precondition_failed");
        var foreign = door.AsProject(HttpMethod.Patch, $"/api/devices/{id}", """{"serial":"SN-10"}""");
        foreign.Headers.TryAddWithoutValidation("If-Match", "W/\"3\"");
        (await door.Send(foreign)).IsProblem(412, "precondition_failed");

        var unchanged = door.AsProject(HttpMethod.Get, $"/api/devices/{id}");
        unchanged.Headers.TryAddWithoutValidation("If-None-Match", changed.Header("ETag"));
        (await door.Send(unchanged)).Is(304);
    }

    [Theory]
    [InlineData("""{}""", "model,serial")]
    [InlineData("""{"serial":5,"model":"","tags":{"a":1},"status":"lost","signature_required":"yes"}""", "model,serial,signature_required,status,tags.a")]
    public async Task Every_fault_of_a_new_device_is_named(string json, string fields)
    {
        await using var door = await FrontDoor.Open();
        var reply = (await door.Send(door.AsProject(HttpMethod.Post, "/api/devices", json))).IsProblem(400, ProblemCodes.BadRequest);
        Assert.Equal(fields, string.Join(',', reply.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()).Order()));
    }

    [Fact]
    public async Task A_site_keeps_what_a_patch_does_not_name()
    {
        await using var door = await FrontDoor.Open();
        var json = """{"id":"HALL 1","name":"Hall","address":"1 Road","operating_hours":{"mon":[{"from":"06:00","to":"22:00"}]}}""";
        var made = (await door.Send(door.AsProject(HttpMethod.Post, "/api/sites", json))).Is(201);
        Assert.Equal("/api/sites/HALL%201", made.Header("Location"));
        Assert.Equal("UTC", made.Json.GetProperty("time_zone").GetString());
        (await door.Send(door.AsProject(HttpMethod.Post, "/api/sites", json))).IsProblem(409, "already_exists");

        var changed = (await door.Send(door.AsProject(HttpMethod.Patch, "/api/sites/HALL%201", """{"address":null,"time_zone":"Europe/Berlin"}"""))).Is(200);
        Assert.Equal(
            """{"id":"HALL 1","name":"Hall","address":null,"time_zone":"Europe/Berlin","operating_hours":{"mon":[{"from":"06:00","to":"22:00"}]}}""",
            changed.Text);
        var live = (await door.Send(door.AsProject(HttpMethod.Get, "/api/sites/HALL%201"))).Is(200);
        Assert.Equal((2, 1, 1), (
            live.Json.GetProperty("devices").GetInt32(), live.Json.GetProperty("online").GetInt32(), live.Json.GetProperty("offline").GetInt32()));

        var invalid = (await door.Send(door.AsProject(HttpMethod.Patch, "/api/sites/HALL%201", """{"time_zone":"Mars/Olympus"}"""))).IsProblem(400, "invalid");
        Assert.Equal("time_zone", invalid.Json.GetProperty("errors")[0].GetProperty("field").GetString());
        var delete = door.AsProject(HttpMethod.Delete, "/api/sites/HALL%201");
        delete.Headers.TryAddWithoutValidation("If-Match", made.Header("ETag"));
        (await door.Send(delete)).IsProblem(412, "precondition_failed");
        (await door.Send(door.AsProject(HttpMethod.Delete, "/api/sites/HALL%201"))).Is(204);
        (await door.Send(door.AsProject(HttpMethod.Get, "/api/sites/HALL%201"))).IsProblem(404, ProblemCodes.NotFound);
        Assert.True(Guid.TryParse((await door.Send(door.AsProject(HttpMethod.Post, "/api/sites", """{"name":"x"}"""))).Is(201).Json.GetProperty("id").GetString(), out _));
    }

    [Theory]
    [InlineData("""{"id":"a/b","name":"x"}""", "id")]
    [InlineData("""{"id":"..","name":"x"}""", "id")]
    [InlineData("""{"name":"x","operating_hours":{"mon":"always","tue":[{"from":1}]}}""", "operating_hours.mon,operating_hours.tue[0]")]
    [InlineData("""{"id":"a"}""", "name")]
    public async Task Every_fault_of_a_site_is_named(string json, string fields)
    {
        await using var door = await FrontDoor.Open();
        var reply = (await door.Send(door.AsProject(HttpMethod.Post, "/api/sites", json))).IsProblem(400, ProblemCodes.BadRequest);
        Assert.Equal(fields, string.Join(',', reply.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()).Order()));
    }

    [Fact]
    public async Task An_asset_is_registered_changed_and_taken_away()
    {
        await using var door = await FrontDoor.Open();
        var json = """{"asset_id":"DOOR-7","type":"door","make":"X","installed_on":"2025-02-03","tags":{"a":"b"}}""";
        (await door.Send(door.AsProject(HttpMethod.Post, "/api/assets", json))).Is(201);
        var changed = (await door.Send(door.AsProject(HttpMethod.Patch, "/api/assets/DOOR-7", """{"make":null,"active":false}"""))).Is(200);
        Assert.Equal(
            """{"asset_id":"DOOR-7","site_id":null,"type":"door","make":null,"model":null,"serial":null,"location":null,"installed_on":"2025-02-03","tags":{"a":"b"},"active":false,"registered":true}""",
            changed.Text);
        Assert.Equal(0, (await door.Send(door.AsProject(HttpMethod.Get, "/api/assets/DOOR-7"))).Is(200).Json.GetProperty("cycles").GetProperty("opened").GetInt64());
        (await door.Send(door.AsProject(HttpMethod.Delete, "/api/assets/DOOR-7"))).Is(204);
        (await door.Send(door.AsProject(HttpMethod.Delete, "/api/assets/DOOR-7"))).IsProblem(404, ProblemCodes.NotFound);
        (await door.Send(door.AsProject(HttpMethod.Patch, "/api/assets/DOOR-7", "{}"))).IsProblem(404, ProblemCodes.NotFound);
        (await door.Send(door.AsProject(HttpMethod.Post, "/api/assets", """{"type":"door"}"""))).IsProblem(400, ProblemCodes.BadRequest);
    }

    [Theory]
    [InlineData("hall/door", "hall%2Fdoor")]
    [InlineData("hall%2Fdoor", "hall%252Fdoor")]
    [InlineData("100%/a%2fb c", "100%25%2Fa%252fb%20c")]
    [InlineData("hall\\\\door", "hall%5Cdoor")]
    public async Task A_code_with_slashes_stands_in_the_path_encoded_once(string code, string path)
    {
        await using var door = await FrontDoor.Open();
        var made = (await door.Send(door.AsProject(HttpMethod.Post, "/api/assets", $$"""{"asset_id":"{{code}}","type":"door"}"""))).Is(201);
        Assert.Equal("/api/assets/" + path, made.Header("Location"));
        var read = (await door.Send(door.AsProject(HttpMethod.Get, $"/api/assets/{path}?x=a/b"))).Is(200);
        Assert.Equal(made.Json.GetProperty("asset_id").GetString(), read.Json.GetProperty("asset_id").GetString());
        Assert.True(read.Json.GetProperty("registered").GetBoolean());
    }

    [Fact]
    public async Task A_config_profile_can_be_read_edited_and_sent_back()
    {
        await using var door = await FrontDoor.Open();
        const string path = "/api/config-profiles/SD 400";
        var settings = """{"sampling_rates":{"Temp":1.5},"ntp_servers":["a.b"],"thresholds":{"x":[1,{"y":null}]},"led":true}""";
        var made = (await door.Send(door.AsProject(HttpMethod.Put, path, settings))).Is(201);
        Assert.Equal(
            """{"model":"SD 400","version":1,"sampling_rates":{"Temp":1.5},"thresholds":{"x":[1,{"y":null}]},"ntp_servers":["a.b"],"led":true}""", made.Text);

        var again = door.AsProject(HttpMethod.Put, path, made.Text);
        again.Headers.TryAddWithoutValidation("If-Match", made.Header("ETag"));
        Assert.Equal(made.Text.Replace("\"version\":1", "\"version\":2"), (await door.Send(again)).Is(200).Text);

        var stale = door.AsProject(HttpMethod.Put, path, made.Text);
        stale.Headers.TryAddWithoutValidation("If-Match", made.Header("ETag"));
        (await door.Send(stale)).IsProblem(412, "precondition_failed");
        (await door.Send(door.AsProject(HttpMethod.Put, path, """{"sampling_rates":{"a":"fast"},"upload_interval_s":0}"""))).IsProblem(400, ProblemCodes.BadRequest);
        (await door.Send(door.AsProject(HttpMethod.Delete, path))).Is(204);
        (await door.Send(door.AsProject(HttpMethod.Get, path))).IsProblem(404, ProblemCodes.NotFound);
    }

    [Fact]
    public async Task The_projects_retention_is_set_and_cleared()
    {
        await using var door = await FrontDoor.Open();
        var project = (await door.Send(door.AsProject(HttpMethod.Get, "/api/project"))).Is(200);
        Assert.Equal(door.ProjectId, project.Json.GetProperty("id").GetGuid());
        var set = (await door.Send(door.AsProject(HttpMethod.Patch, "/api/project", """{"retention_days":90}"""))).Is(200);
        Assert.Equal(90, set.Json.GetProperty("retention_days").GetInt32());
        (await door.Send(door.AsProject(HttpMethod.Patch, "/api/project", """{"retention_days":null}"""))).Is(200);
        foreach (var json in new[] { "{}", """{"retention_days":0}""", """{"retention_days":36501}""" })
            (await door.Send(door.AsProject(HttpMethod.Patch, "/api/project", json))).IsProblem(400, ProblemCodes.BadRequest);
        var stale = door.AsProject(HttpMethod.Patch, "/api/project", """{"retention_days":1}""");
        stale.Headers.TryAddWithoutValidation("If-Match", project.Header("ETag"));
        (await door.Send(stale)).IsProblem(412, "precondition_failed");
    }
}
