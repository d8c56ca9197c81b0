using EsoCore.Api;
using EsoCore.Devices;
using EsoCore.Tests.Support;
using EsoCore.Wire;
using Microsoft.Extensions.Options;
using Xunit;

namespace EsoCore.Tests.Api;

/// <summary>The cache that stands between the door and the grains: bounded, shared, and no older than it says.</summary>
public sealed class CredentialCacheTests
{
    private readonly FakeGrains _grains = new();
    private readonly FakeTimeProvider _clock = new(FrontDoor.Noon);

    private CredentialCache Make(int entries = 1_000) =>
        new(_grains, _clock, Options.Create(new ApiOptions { CredentialCacheEntries = entries }));

    [Fact]
    public async Task Find_MissedByManyAtOnce_LooksUpOnce()
    {
        var device = _grains.AddDevice(Guid.NewGuid(), "s");
        var gate = new TaskCompletionSource();
        _grains.Credentials.Gate = gate.Task;
        var cache = Make();

        var waiting = Enumerable.Range(0, 50).Select(_ => cache.FindDevice(device.Id).AsTask()).ToList();
        gate.SetResult();

        Assert.All(await Task.WhenAll(waiting), Assert.NotNull);
        Assert.Equal(1, _grains.Credentials.Lookups);
    }

    [Fact]
    public async Task A_known_device_is_good_for_10_minutes_and_an_unknown_one_for_10_seconds()
    {
        var device = _grains.AddDevice(Guid.NewGuid(), "s");
        var (cache, unknown) = (Make(), Guid.NewGuid());
        await cache.FindDevice(device.Id);
        await cache.FindDevice(unknown);
        Assert.Equal(2, _grains.Credentials.Lookups);

        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.NotNull(await cache.FindDevice(device.Id));
        Assert.Null(await cache.FindDevice(unknown));
        Assert.Equal(2, _grains.Credentials.Lookups);

        _clock.Advance(TimeSpan.FromSeconds(1));
        await cache.FindDevice(unknown);
        Assert.Equal(3, _grains.Credentials.Lookups);

        _grains.Credentials.Remove(device.Id);
        _clock.Advance(BoundedLookup<object>.KnownFor);
        Assert.Null(await cache.FindDevice(device.Id));
    }

    [Fact]
    public async Task After_a_minute_an_entry_is_refreshed_without_anyone_waiting()
    {
        var device = _grains.AddDevice(Guid.NewGuid(), "s");
        var cache = Make();
        await cache.FindDevice(device.Id);
        _clock.Advance(TimeSpan.FromSeconds(61));
        _grains.Credentials.Gate = new TaskCompletionSource().Task; // Never answers: a caller that waited would hang here.

        Assert.True(cache.FindDevice(device.Id).IsCompletedSuccessfully);
        Assert.Equal(2, _grains.Credentials.Lookups);
    }

    [Fact]
    public async Task A_refresh_that_fails_keeps_the_entry_and_is_tried_again_a_minute_later()
    {
        var device = _grains.AddDevice(Guid.NewGuid(), "s");
        var cache = Make();
        await cache.FindDevice(device.Id);
        _grains.Credentials.Gate = Task.FromException(new TimeoutException());
        _clock.Advance(TimeSpan.FromSeconds(61));

        Assert.NotNull(await cache.FindDevice(device.Id));
        Assert.NotNull(await cache.FindDevice(device.Id));
        Assert.Equal(2, _grains.Credentials.Lookups);
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.NotNull(await cache.FindDevice(device.Id));
        Assert.Equal(3, _grains.Credentials.Lookups);
    }

    [Fact]
    public async Task A_flood_of_random_ids_leaves_lookups_for_known_ones()
    {
        var device = _grains.AddDevice(Guid.NewGuid(), "s");
        var cache = Make();
        await cache.FindDevice(device.Id);
        _clock.Advance(BoundedLookup<object>.KnownFor);
        var gate = new TaskCompletionSource();
        _grains.Credentials.Gate = gate.Task;
        var flood = Enumerable.Range(0, BoundedLookup<object>.MaxStrangerLookups).Select(_ => cache.FindDevice(Guid.NewGuid()).AsTask()).ToList();
        await Assert.ThrowsAsync<CredentialLookupsBusyException>(async () => await cache.FindDevice(Guid.NewGuid()));

        var known = cache.FindDevice(device.Id);

        gate.SetResult();
        Assert.NotNull(await known);
        await Task.WhenAll(flood);
    }

    [Fact]
    public async Task A_flood_of_random_ids_costs_bounded_memory_and_pushes_no_real_device_out()
    {
        var device = _grains.AddDevice(Guid.NewGuid(), "s");
        var cache = Make();
        await cache.FindDevice(device.Id);

        for (var i = 0; i < 50_000; i++)
            await cache.FindDevice(Guid.NewGuid());

        Assert.InRange(cache.Count, 1, CredentialCache.UnknownEntries + 1);
        var before = _grains.Credentials.Lookups;
        Assert.NotNull(await cache.FindDevice(device.Id));
        Assert.Equal(before, _grains.Credentials.Lookups);
    }

    [Fact]
    public async Task Known_devices_are_bounded_too_and_those_in_use_stay()
    {
        var cache = Make(entries: 100);
        var busy = _grains.AddDevice(Guid.NewGuid(), "s");
        await cache.FindDevice(busy.Id);
        for (var i = 0; i < 1_000; i++)
        {
            await cache.FindDevice(_grains.AddDevice(Guid.NewGuid(), "s").Id);
            await cache.FindDevice(busy.Id);
        }

        Assert.InRange(cache.Count, 1, 100);
        Assert.Equal(1_001, _grains.Credentials.Lookups);
    }

    [Fact]
    public async Task More_lookups_than_the_limit_are_refused_and_the_door_answers_503()
    {
        var cache = Make();
        var gate = new TaskCompletionSource();
        _grains.Credentials.Gate = gate.Task;
        var waiting = Enumerable.Range(0, BoundedLookup<object>.MaxStrangerLookups).Select(_ => cache.FindDevice(Guid.NewGuid()).AsTask()).ToList();

        await Assert.ThrowsAsync<CredentialLookupsBusyException>(async () => await cache.FindDevice(Guid.NewGuid()));

        gate.SetResult();
        await Task.WhenAll(waiting);
        Assert.Null(await cache.FindDevice(Guid.NewGuid()));
    }

    [Fact]
    public async Task A_lookup_under_way_while_the_device_is_edited_is_not_kept()
    {
        var device = _grains.AddDevice(Guid.NewGuid(), "s");
        var cache = Make();
        var gate = new TaskCompletionSource();
        _grains.Credentials.Gate = gate.Task;
        var old = cache.FindDevice(device.Id);
        _grains.Credentials.Change(device.Id, credential => credential with { Status = DeviceStatus.Disabled });
        cache.Invalidate(device.Id);
        gate.SetResult();

        Assert.Equal(DeviceStatus.Active, (await old)!.Status); // Read before the edit, for a caller from before the edit.
        Assert.Equal(DeviceStatus.Disabled, (await cache.FindDevice(device.Id))!.Status);
    }

    [Fact]
    public async Task An_edit_through_the_api_counts_at_once()
    {
        await using var door = await FrontDoor.Open();
        (await door.Send(door.Batch())).Is(200);

        (await door.Send(door.AsProject(HttpMethod.Patch, $"/api/devices/{door.Device.Id}", """{"status":"disabled"}"""))).Is(200);

        (await door.Send(door.Batch())).IsProblem(403, ProblemCodes.DeviceDisabled);
    }

    [Fact]
    public async Task An_expired_key_opens_nothing()
    {
        await using var door = await FrontDoor.Open();
        door.Grains.Credentials.Change(door.Device.Id, credential => credential with
        {
            Keys = [credential.Keys[0] with { ExpiresAt = FrontDoor.Noon.AddSeconds(5) }],
        });
        (await door.Send(door.Batch())).Is(200);
        door.Clock.Advance(TimeSpan.FromSeconds(5));
        (await door.Send(door.Batch())).IsProblem(401, ProblemCodes.Unauthorized);
    }
}
