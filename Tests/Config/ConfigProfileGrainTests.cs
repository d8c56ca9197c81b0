using EsoCore.Config;
using EsoCore.Grains.Config;
using EsoCore.Grains.Projects;
using EsoCore.History;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Config;

public sealed class ConfigProfileGrainTests : IAsyncLifetime
{
    private static readonly Guid Project = Guid.NewGuid();
    private static readonly ConfigSettings Minute = new(UploadIntervalS: 60);
    private static readonly ConfigSettings Hour = new(UploadIntervalS: 3_600);

    private GrainCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await GrainCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    private IConfigProfileGrain Profile => _cluster.Client.GetGrain<IConfigProfileGrain>(ProjectKey.Of(Project, "DOOR-2"));

    private ConfigProfiles Cache => _cluster.Services.GetRequiredService<ConfigProfiles>();

    [Fact]
    public async Task Put_CreateChangeDeleteCreate_VersionsOnlyGoUp()
    {
        Assert.Null(await Profile.Get());
        Assert.Null(await Profile.GetInForce());
        Assert.Equal((EditOutcome.Created, 1L), Brief(await Profile.Put(Minute, null)));
        Assert.Equal((EditOutcome.Changed, 2L), Brief(await Profile.Put(Hour, 1)));
        Assert.Equal((EditOutcome.VersionMismatch, 2L), Brief(await Profile.Put(Minute, 1)));
        Assert.Equal(EditOutcome.VersionMismatch, (await Profile.Delete(1)).Outcome);
        Assert.Equal(EditOutcome.Deleted, (await Profile.Delete(2)).Outcome);
        Assert.Equal(EditOutcome.NotFound, (await Profile.Delete(null)).Outcome);
        Assert.Null(await Profile.Get());
        Assert.Equal(new Versioned<ConfigSettings>("DOOR-2", 3, ConfigSettings.Empty), await Profile.GetInForce());
        Assert.Equal((EditOutcome.Created, 4L), Brief(await Profile.Put(Minute, null)));
        await _cluster.RestartAsync();
        Assert.Equal(4, (await Profile.Get())!.Version);
        Assert.Equal(60, (await Profile.Get())!.Value.UploadIntervalS);
    }

    [Fact]
    public async Task Put_TheSameAgain_WritesNothing()
    {
        await Profile.Put(Minute, null);
        Assert.Equal((EditOutcome.Changed, 1L), Brief(await Profile.Put(Minute, null)));
    }

    [Fact]
    public async Task Put_BadSettings_NamesTheFaultsAndWritesNothing()
    {
        var result = await Profile.Put(new ConfigSettings(UploadIntervalS: 0), null);
        Assert.Equal("upload_interval_s", Assert.Single(result.Errors).Field);
        Assert.Null(await Profile.Get());
    }

    [Fact]
    public async Task Put_AnotherWroteMeanwhile_IsDecidedOnWhatStands()
    {
        await Profile.Put(Minute, null);
        await _cluster.Stores.Write(Project, "config-profile", "DOOR-2", "{\"upload_interval_s\":7}", 1, CancellationToken.None);
        Assert.Equal(EditOutcome.VersionMismatch, (await Profile.Put(Hour, 1)).Outcome);
        Assert.Equal((EditOutcome.Changed, 3L), Brief(await Profile.Put(Hour, null)));
    }

    [Fact]
    public async Task CacheGet_AfterAnEditInThisProcess_SeesItAtOnce()
    {
        Assert.Null(await Cache.Get(Project, "DOOR-2"));
        await Profile.Put(Minute, null);
        Assert.Equal(60, (await Cache.Get(Project, "DOOR-2"))!.Value.UploadIntervalS);
        await Profile.Delete(null);
        var afterwards = (await Cache.Get(Project, "DOOR-2"))!;
        Assert.Equal((2L, ConfigSettings.Empty), (afterwards.Version, afterwards.Value));
    }

    [Fact]
    public async Task CacheGet_GrainAway_UsesTheLastAnswerAndThrowsWhereThereIsNone()
    {
        await Profile.Put(Minute, null);
        await Cache.Get(Project, "DOOR-2");
        await _cluster.RestartAsync();
        await Cache.Get(Project, "DOOR-2");
        _cluster.Stores.Fault = _ => new StorageUnavailableException("away");
        _cluster.Time.Advance(ConfigProfiles.MaxAge);
        Assert.Equal(60, (await Cache.Get(Project, "DOOR-2"))!.Value.UploadIntervalS);
        await Assert.ThrowsAnyAsync<Exception>(async () => await Cache.Get(Project, "another"));
        _cluster.Stores.Fault = null;
        Assert.Null(await Cache.Get(Project, "another"));
    }

    [Fact]
    public async Task GetInForce_WhatStandsCannotBeRead_IsEmptyUnderItsVersionUntilReplaced()
    {
        await Profile.Put(Minute, null);
        await _cluster.Stores.Write(Project, "config-profile", "DOOR-2", "{not json", 1, CancellationToken.None);
        await _cluster.RestartAsync();
        Assert.Equal(new Versioned<ConfigSettings>("DOOR-2", 2, ConfigSettings.Empty), await Cache.Get(Project, "DOOR-2"));
        await Assert.ThrowsAnyAsync<Exception>(() => Profile.Get());
        Assert.Equal((EditOutcome.Changed, 3L), Brief(await Profile.Put(Hour, 2)));
        Assert.Equal(3_600, (await Cache.Get(Project, "DOOR-2"))!.Value.UploadIntervalS);
    }

    private static (EditOutcome, long) Brief(EditResult<ConfigSettings> result) => (result.Outcome, result.Current!.Version);
}
