using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>Headers of a batch: each fault is named, and all of them at once.</summary>
public sealed class BatchHeaderTests
{
    [Fact]
    public async Task Every_missing_header_is_named_at_once()
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch();
        request.Headers.Remove("Idempotency-Key");
        request.Headers.Remove("Content-SHA256");
        request.Headers.Remove("X-Device-Id");
        request.Headers.Add("X-Upload-Cursor", "no offset");

        var reply = (await door.Send(request)).IsProblem(400, ProblemCodes.MissingHeader);

        Assert.Equal(
            ["Content-SHA256", "Idempotency-Key", "X-Device-Id", "X-Upload-Cursor"],
            reply.Json.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()!).Order());
    }

    [Theory]
    [InlineData("Idempotency-Key", "not-a-uuid")]
    [InlineData("Idempotency-Key", "{8c3dd60e-6a0d-4c0b-9b5e-0b2a3f5a1c11}")]
    [InlineData("Content-SHA256", "abc")]
    [InlineData("Content-SHA256", "zz3dd60e6a0d4c0b9b5e0b2a3f5a1c118c3dd60e6a0d4c0b9b5e0b2a3f5a1c11")]
    [InlineData("X-Upload-Cursor", "file")]
    [InlineData("X-Upload-Cursor", ":5")]
    [InlineData("X-Upload-Cursor", "file:-5")]
    [InlineData("X-Upload-Cursor", "file:99999999999999999999")]
    [InlineData("X-Time-Correction", "client")]
    [InlineData("X-Time-Correction", "server; epoch=")]
    [InlineData("X-Time-Correction", "server; epoch=a b")]
    [InlineData("X-Time-Correction", "server; boot=1")]
    [InlineData("X-Timestamp", "yesterday")]
    [InlineData("X-Timestamp", "2026-11-21T12:00:00")]
    [InlineData("X-Timestamp", "-5")]
    public async Task A_malformed_header_is_400_and_named(string header, string value)
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch();
        request.Headers.Remove(header);
        request.Headers.TryAddWithoutValidation(header, value);

        var reply = (await door.Send(request)).IsProblem(400, ProblemCodes.MalformedHeader);

        Assert.Equal(header, Assert.Single(reply.Json.GetProperty("errors").EnumerateArray()).GetProperty("field").GetString());
        Assert.Empty(door.Device.Uploads);
    }

    [Theory]
    [InlineData("1795262400000")]
    [InlineData("2026-11-21T12:00:00Z")]
    [InlineData("2026-11-21T14:00:00.000+02:00")]
    public async Task X_Timestamp_is_taken_in_both_forms(string value)
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch();
        request.Headers.TryAddWithoutValidation("X-Timestamp", value);

        (await door.Send(request)).Is(200);

        Assert.Equal(FrontDoor.Noon, Assert.Single(door.Device.Uploads).DeviceTime);
    }

    [Fact]
    public async Task Clock_skew_is_401_with_the_servers_time_unless_the_device_asks_for_correction()
    {
        await using var door = await FrontDoor.Open();
        var skewed = door.Batch();
        skewed.Headers.Add("X-Timestamp", "2026-11-21T11:57:59Z");
        var reply = (await door.Send(skewed)).IsProblem(401, ProblemCodes.ClockSkew);
        Assert.Equal("2026-11-21T12:00:00.000Z", reply.Json.GetProperty("server_time").GetString());

        var corrected = door.Batch();
        corrected.Headers.Add("X-Timestamp", "2001-01-01T00:00:00Z");
        corrected.Headers.Add("X-Time-Correction", "server");
        (await door.Send(corrected)).Is(200);
    }

    [Fact]
    public async Task A_missing_media_type_means_json()
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch();
        request.Content!.Headers.ContentType = null;
        (await door.Send(request)).Is(200);
    }

    [Fact]
    public async Task A_wall_of_faults_still_fits_a_device()
    {
        await using var door = await FrontDoor.Open();
        var request = door.Batch();
        foreach (var header in new[] { "X-Upload-Cursor", "X-Time-Correction", "X-Timestamp", "Idempotency-Key", "Content-SHA256" })
        {
            request.Headers.Remove(header);
            request.Headers.TryAddWithoutValidation(header, new string('x', 2_500));
        }

        (await door.Send(request)).IsProblem(400, ProblemCodes.MalformedHeader);
    }
}
