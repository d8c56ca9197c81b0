using System.Collections.Immutable;
using EsoCore.Assets;
using EsoCore.Events;
using EsoCore.Grains.Events;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Assets;

public sealed class AssetGrainTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly AssetDefinition Door = new(
        "HALL", "door", "Acme", "D2", null, null, new DateOnly(2024, 2, 29), ImmutableSortedDictionary<string, string>.Empty.Add("line", "3"), true);

    private readonly string _key = ProjectKey.Of(Guid.NewGuid(), "ASSET_3");
    private GrainCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await GrainCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    private IAssetGrain Asset => _cluster.Client.GetGrain<IAssetGrain>(_key);

    [Fact]
    public async Task Get_NeitherRegisteredNorHeard_IsNull() => Assert.Null(await Asset.Get());

    [Fact]
    public async Task Put_ThenRestart_ReadsTheSameDefinition()
    {
        Assert.Equal(EditOutcome.Created, (await Asset.Put(Door, null, onlyCreate: true)).Outcome);
        await _cluster.RestartAsync();
        var view = (await Asset.Get())!;
        Assert.Equal(Door with { Tags = view.Asset!.Value.Tags }, view.Asset.Value);
        Assert.Equal(Door.Tags, view.Asset.Value.Tags);
        Assert.Equal(0, view.Cycles.Opened);
    }

    [Fact]
    public async Task Put_UnknownType_IsAFault() =>
        Assert.Equal("type", Assert.Single((await Asset.Put(Door with { Type = "boat" }, null, false)).Errors).Field);

    [Fact]
    public async Task Cycles_OfAnUnregisteredAsset_CountAndSurviveRegistrationDeletionAndRestart()
    {
        var source = new TransitionSource(TransitionStreams.Assets, _key);
        await Deliver(source.Next(new CycleOpened("a"), Noon), source.Next(new CycleClosed("a", null, 31), Noon.AddSeconds(8)));
        Assert.Null((await Asset.Get())!.Asset);
        await Asset.Put(Door, null, true);
        await Asset.Delete(null);
        await _cluster.RestartAsync();
        await Deliver(source.Next(new CycleOpened("b"), Noon.AddSeconds(10)));
        var cycles = (await Asset.Get())!.Cycles;
        Assert.Equal((2, 1, 1, 31d), (cycles.Opened, cycles.Closed, cycles.OpenNow, cycles.PeakTorqueNm));
        Assert.Equal(8_000, cycles.DurationMs.Mean);
        Assert.Equal(1, cycles.ByDay["2026-11-22"]);
        Assert.Equal(1, cycles.ByWeek["2026-W47"]);
    }

    [Fact]
    public async Task Cycles_DeliveredAgainAndOfAnotherKind_CountOnceAndStopNothing()
    {
        var source = new TransitionSource(TransitionStreams.Assets, _key);
        ImmutableArray<OutboxEntry> entries =
            [source.Next(new CycleOpened(null), Noon), source.Next(new LeftSite()), source.Next(new CycleClosed(null, 500, null), Noon)];
        await Deliver(entries);
        await Deliver(entries);
        var cycles = (await Asset.Get())!.Cycles;
        Assert.Equal((1, 1), (cycles.Opened, cycles.Closed));
    }

    [Fact]
    public async Task Cycles_WhoseFirstWriteFailed_CountOnceWhenDeliveredAgain()
    {
        var source = new TransitionSource(TransitionStreams.Assets, _key);
        var entry = source.Next(new CycleOpened("a"), Noon);
        _cluster.Stores.AddToOutbox(1, entry);
        _cluster.Stores.Fault = method => method == "WriteState" ? new StorageUnavailableException("away") : null;
        await Publish(entry);
        await _cluster.Stores.Until(() => _cluster.Stores.Calls("WriteState") == 1);
        Assert.Equal(entry, Assert.Single(_cluster.Stores.Unconfirmed));

        _cluster.Stores.Fault = null;
        await Publish(entry);
        await _cluster.Stores.Until(() => _cluster.Stores.Unconfirmed.IsEmpty);
        Assert.Equal(1, (await Asset.Get())!.Cycles.Opened);
        await _cluster.RestartAsync();
        Assert.Equal(1, (await Asset.Get())!.Cycles.Opened);
    }

    [Fact]
    public async Task State_WithFieldsOfANewerProgram_KeepsThem()
    {
        var id = Asset.GetGrainId();
        const string newer = """
            {"Format":1,"Energy":7,"Cycles":{"Opened":2,"Strokes":9,"Settled":{"Count":0,"SumUs":0,"Bins":[0,0,0,0,0,0,0,0,0,0,0,0],"P95":4},
            "Pending":[{"n":0,"t":5,"id":"x","c":false,"d":false,"q":1}]}}
            """;
        await _cluster.Stores.Write(id.Type.ToString()!, id.Key.ToString()!, "state", newer, null, default);
        await Deliver(new TransitionSource(TransitionStreams.Assets, _key).Next(new CycleClosed("y", 80, null), Noon));
        var json = (await _cluster.Stores.Read(id.Type.ToString()!, id.Key.ToString()!, "state", default))!.Json;
        Assert.All(["\"Energy\":7", "\"Strokes\":9", "\"P95\":4", "\"q\":1", "\"Opened\":2", "\"Closed\":1"], f => Assert.Contains(f, json));
    }

    [Fact]
    public async Task State_OfANewerFormat_IsRefused()
    {
        var id = Asset.GetGrainId();
        await _cluster.Stores.Write(id.Type.ToString()!, id.Key.ToString()!, "state", """{"Format":2}""", null, default);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => Asset.Get());
        Assert.Contains("stored in format 2", error.ToString());
    }

    private Task Publish(params ImmutableArray<OutboxEntry> entries) => TransitionPublisher.Send(
        _cluster.Client.GetStreamProvider(TransitionStreams.Provider), new ReceiverId(TransitionStreams.Assets, _key),
        [.. entries.Select(e => e.Transition)]);

    private async Task Deliver(params ImmutableArray<OutboxEntry> entries)
    {
        _cluster.Stores.AddToOutbox(1, entries);
        await Publish(entries);
        await _cluster.Stores.Until(() => _cluster.Stores.Unconfirmed.IsEmpty);
    }
}
