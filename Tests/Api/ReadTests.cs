using EsoCore.History;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>The reading routes: their shapes, and every fault of their parameters.</summary>
public sealed class ReadTests
{
    [Fact]
    public async Task The_twin_has_the_documented_shape()
    {
        await using var door = await FrontDoor.Open();
        var twin = (await door.Send(door.AsProject(HttpMethod.Get, $"/api/devices/{door.Device.Id}/twin"))).Is(200);

        Assert.Equal(
            "device_id,project_id,serial,model,site_id,tags,status,online,first_seen,last_seen,last_batch_at,firmware_version,channel,config,cursors,sd,"
            + "backlog,series,counters,twin_version",
            string.Join(',', twin.Json.EnumerateObject().Select(member => member.Name)));
        Assert.Equal("2026-11-21T12:00:00.123456Z", twin.Json.GetProperty("last_seen").GetString());
        Assert.Equal("active", twin.Json.GetProperty("status").GetString());
        Assert.Equal(5, twin.Json.GetProperty("cursors").GetProperty("Log_A").GetInt64()); // Users' words are not renamed.
        Assert.Equal(
            """{"metric":"temp_ambient","unit":"°C","asset_id":"ASSET_3","meta":{},"last_ts":"2026-11-21T12:00:00.000Z","last_value":23.5,"points":3}""",
            twin.Json.GetProperty("series")[0].GetRawText());
    }

    [Fact]
    public async Task Points_come_raw_or_in_buckets()
    {
        await using var door = await FrontDoor.Open();
        var path = $"/api/devices/{door.Device.Id}/points";
        var raw = (await door.Send(door.AsProject(HttpMethod.Get, path + "?metric=temp&from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00%2B01:00&limit=1"))).Is(200);
        Assert.Equal(23.5, raw.Json.GetProperty("points")[0].GetProperty("value").GetDouble());
        Assert.Contains("&after=more>; rel=\"next\"", raw.Header("Link"));
        var query = Assert.IsType<PointQuery>(door.History.Queries.Single());
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 23, 0, 0, TimeSpan.Zero), query.To);
        Assert.Equal(new Scope(door.ProjectId), query.Scope);

        var buckets = (await door.Send(door.AsProject(HttpMethod.Get, path + "?metric=temp&bucket=1h"))).Is(200);
        Assert.Equal("""{"buckets":[{"ts":"2026-11-21T12:00:00.000Z","min":1,"max":3,"avg":2,"count":4}]}""", buckets.Text);
        var some = (await door.Send(door.AsProject(HttpMethod.Get, path + "?metric=temp&bucket=15m&agg=avg,sum"))).Is(200);
        Assert.Equal("""{"buckets":[{"ts":"2026-11-21T12:00:00.000Z","avg":2,"sum":8}]}""", some.Text);
        Assert.Equal(TimeSpan.FromMinutes(15), ((BucketQuery)door.History.Queries.Last()).Width);
    }

    [Theory]
    [InlineData("from=yesterday&to=2026-11-21&limit=0&bucket=5x&agg=median", "agg,bucket,from,limit,to")]
    [InlineData("limit=10001&agg=min", "agg,limit")]
    [InlineData("from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z", "to")]
    [InlineData("metric=a&metric=b", "metric")]
    [InlineData("bucket=1m", "metric")]
    [InlineData("metric=a&bucket=0m", "bucket")]
    [InlineData("metric=a&bucket=m", "bucket")]
    [InlineData("metric=a&bucket=999999999d", "bucket")]
    [InlineData("metric=a&bucket=1s&from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z", "bucket")]
    [InlineData("after=forged", "after")]
    public async Task Every_faulty_parameter_is_named(string query, string fields)
    {
        await using var door = await FrontDoor.Open();
        var reply = (await door.Send(door.AsProject(HttpMethod.Get, $"/api/devices/{door.Device.Id}/points?{query}"))).IsProblem(400, ProblemCodes.BadRequest);
        Assert.Equal(fields, string.Join(',', reply.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()).Order()));
    }

    [Theory]
    [InlineData("from=2026-11-21T00:00:00Z&to=2026-11-21T02:46:40Z", 200)] // Ten thousand.
    [InlineData("from=2026-11-21T00:00:00.5Z&to=2026-11-21T02:46:40.5Z", 400)] // As long, but the first and the last are cut.
    [InlineData("from=1969-12-31T23:59:59.5Z&to=1970-01-01T00:00:00.5Z", 200)]
    public async Task As_many_buckets_as_the_span_touches_count(string span, int status)
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.AsProject(HttpMethod.Get, $"/api/devices/{door.Device.Id}/points?metric=a&bucket=1s&{span}"))).Is(status);
    }

    [Fact]
    public async Task Too_many_buckets_of_an_open_span_are_400()
    {
        await using var door = await FrontDoor.Open();
        door.History.TooManyBuckets = true;
        var reply = await door.Send(door.AsProject(HttpMethod.Get, $"/api/devices/{door.Device.Id}/points?metric=a&bucket=1s"));
        Assert.Contains("10000 buckets", reply.IsProblem(400, ProblemCodes.BadRequest).Json.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task Windows_carry_their_samples_and_empty_objects()
    {
        await using var door = await FrontDoor.Open();
        var reply = (await door.Send(door.AsProject(HttpMethod.Get, $"/api/devices/{door.Device.Id}/windows?metric=vibration"))).Is(200);
        Assert.Equal(
            """{"windows":[{"ts":"2026-11-21T12:00:00.000Z","metric":"vibration","window_s":4,"stats":{},"samples":8000,"asset_id":null,"meta":{},"rate_hz":2000,"encoding":"i16le","scale":0.001,"raw":"AQID"}]}""",
            reply.Text);
    }

    [Fact]
    public async Task Events_are_filtered_by_any_word_for_a_severity()
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.AsProject(HttpMethod.Get, $"/api/events?device={door.Device.Id}&severity=ERROR&metric=power_outage&category=power"))).Is(200);
        var query = Assert.IsType<EventQuery>(door.History.Queries.Single());
        Assert.Equal(("high", "power_outage", "power", door.Device.Id), (query.Severity, query.Type, query.Category, query.DeviceId));
        (await door.Send(door.AsProject(HttpMethod.Get, "/api/events?severity=loud&device=x"))).IsProblem(400, ProblemCodes.BadRequest);
    }

    [Theory]
    [InlineData("batches")]
    [InlineData("rejected")]
    public async Task Ledger_and_rejected_records_are_lists(string name)
    {
        await using var door = await FrontDoor.Open();
        var reply = (await door.Send(door.AsProject(HttpMethod.Get, $"/api/devices/{door.Device.Id}/{name}"))).Is(200);
        Assert.Equal($$"""{"{{name}}":[]}""", reply.Text);
    }

    [Fact]
    public async Task While_the_storage_is_away_reads_are_503()
    {
        await using var door = await FrontDoor.Open();
        door.History.Away = true;
        var reply = (await door.Send(door.AsProject(HttpMethod.Get, $"/api/devices/{door.Device.Id}/points"))).IsProblem(503, ProblemCodes.Unavailable);
        Assert.Equal("5", reply.Header("Retry-After"));
    }
}
