using System.Collections.Concurrent;
using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using EsoCore.Telemetry;
using EsoCore.Tests.Devices;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Projects;

public sealed class InstallationTests
{
    [Fact]
    public async Task PutSettings_SamplingTurnedDown_ReachesADeviceUnderANewConfigVersion_AndOutlivesARestart()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await harness.Grains.GetGrain<IConfigProfileGrain>($"{harness.ProjectId:D}/DOOR-LOGGER").Put(
            new ConfigSettings(SamplingRates: ImmutableSortedDictionary<string, double>.Empty.Add("torque", 100)), null);
        var before = await Config(harness, device);
        var told = await Installation(harness).PutSettings(new InstallationSettings(SamplingScale: 0.25), 0);
        Assert.Equal(EditOutcome.Created, told.Outcome);

        harness.Time.Advance(InstallationSwitches.MaxAge);
        var after = await Config(harness, device);
        Assert.True(after.ConfigVersion > before.ConfigVersion);
        Assert.Equal(25, after.Settings.SamplingRates!["torque"]);
        Assert.Equal(0.25, after.Settings.SamplingScale);

        await harness.Restart();
        Assert.Equal(after.ConfigVersion, (await Config(harness, device)).ConfigVersion);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public async Task PutSettings_AScaleOutOfBounds_IsRefusedAndChangesNothing(double scale)
    {
        await using var harness = await DeviceHarness.Start();
        var result = await Installation(harness).PutSettings(new InstallationSettings(SamplingScale: scale), null);
        Assert.Equal(EditOutcome.Invalid, result.Outcome);
        Assert.Equal(0, (await Installation(harness).GetSettings()).Version);
    }

    [Fact]
    public async Task PutSettings_OfAVersionThatNoLongerStands_IsRefused()
    {
        await using var harness = await DeviceHarness.Start();
        await Installation(harness).PutSettings(new InstallationSettings(Maintenance: true), null);
        Assert.Equal(EditOutcome.VersionMismatch, (await Installation(harness).PutSettings(new InstallationSettings(), 0)).Outcome);
        Assert.True((await Installation(harness).GetSettings()).Value.Maintenance);
    }

    [Fact]
    public async Task GetSettings_WhatStandsCannotBeRead_AreTheDefaults_AndDevicesGoOn()
    {
        await using var harness = await DeviceHarness.Start();
        var device = await harness.AddDevice();
        await Installation(harness).PutSettings(new InstallationSettings(SamplingScale: 0.25), null);
        Assert.True(await harness.Storage.Resources.Write(
            Guid.Empty, ResourceKinds.Installation, IInstallationGrain.Key, "{not json", 1, CancellationToken.None));
        await harness.Restart();
        Assert.Equal(UploadOutcome.Accepted, (await harness.Upload(device, Records.Point("temp", 0, 20))).Outcome);
        Assert.Equal(1, (await Config(harness, device)).Settings.SamplingScale ?? 1);
        Assert.Equal((2L, new InstallationSettings()), Brief(await Installation(harness).GetSettings()));
        var half = new InstallationSettings(SamplingScale: 0.5);
        Assert.Equal(EditOutcome.Changed, (await Installation(harness).PutSettings(half, 2)).Outcome);
        Assert.Equal((3L, half), Brief(await Installation(harness).GetSettings()));
    }

    private static (long, InstallationSettings) Brief(Versioned<InstallationSettings> found) => (found.Version, found.Value);

    private static IInstallationGrain Installation(DeviceHarness harness) =>
        harness.Grains.GetGrain<IInstallationGrain>(IInstallationGrain.Key);

    private static async Task<DeviceConfig> Config(DeviceHarness harness, Guid device) =>
        (await harness.Device(device).GetConfig(null, new DeviceCall(harness.Time.GetUtcNow()))).Value!;
}

public sealed class InstallationSwitchesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedInstallation _grain = new();
    private readonly InstallationSwitches _switches;

    public InstallationSwitchesTests() => _switches = new InstallationSwitches(_grain, _time);

    [Fact]
    public async Task Get_NothingKnownAndNoAnswer_Throws_ThenAsksAgain()
    {
        _grain.Answers.Enqueue(Task.FromException<Versioned<InstallationSettings>>(new TimeoutException()));
        _grain.Answers.Enqueue(Task.FromResult(Version(3)));
        await Assert.ThrowsAsync<TimeoutException>(() => _switches.Get().AsTask());
        Assert.Equal(3, (await _switches.Get()).Version);
    }

    [Fact]
    public async Task Get_WhatIsKnownIsOldAndCannotBeRenewed_AnswersByWhatIsKnown()
    {
        _grain.Answers.Enqueue(Task.FromResult(Version(3)));
        _grain.Answers.Enqueue(Task.FromException<Versioned<InstallationSettings>>(new TimeoutException()));
        await _switches.Get();
        _time.Advance(InstallationSwitches.MaxAge);
        Assert.Equal(3, (await _switches.Get()).Version);
        await Eventually.Holds(() => Task.FromResult(_grain.Answers.IsEmpty), () => "The grain was not asked again.");
        Assert.Equal(3, (await _switches.Get()).Version);
    }

    [Fact]
    public async Task Get_AfterAQuietHour_AnswersByWhatStandsAndNotByWhatWasKnown()
    {
        _grain.Answers.Enqueue(Task.FromResult(Version(3)));
        _grain.Answers.Enqueue(Task.FromResult(Version(4)));
        await _switches.Get();
        _time.Advance(TimeSpan.FromHours(1));
        var many = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _switches.Get().AsTask()));
        Assert.All(many, told => Assert.Equal(4, told.Version));
    }

    [Fact]
    public async Task Get_TheGrainHangs_IsWaitedForASecond_ThenGoesOnWithWhatIsKnown()
    {
        var hanging = new TaskCompletionSource<Versioned<InstallationSettings>>();
        _grain.Answers.Enqueue(Task.FromResult(Version(3)));
        _grain.Answers.Enqueue(hanging.Task);
        await _switches.Get();
        _time.Advance(InstallationSwitches.MaxAge);
        var waiting = _switches.Get();
        Assert.False(waiting.IsCompleted);
        _time.Advance(InstallationSwitches.MaxWait);
        Assert.Equal(3, (await waiting).Version);
        Assert.True(_switches.Get().IsCompletedSuccessfully);

        hanging.SetResult(Version(4));
        await Eventually.Holds(async () => (await _switches.Get()).Version == 4, () => "The late answer was not taken.");
    }

    [Fact]
    public async Task Get_AnOlderAnswerAfterANewerOne_IsNotTaken()
    {
        _grain.Answers.Enqueue(Task.FromResult(Version(3)));
        _grain.Answers.Enqueue(Task.FromResult(Version(2)));
        await _switches.Get();
        _time.Advance(InstallationSwitches.MaxAge);
        await _switches.Get();
        await Eventually.Holds(() => Task.FromResult(_grain.Answers.IsEmpty), () => "The grain was not asked again.");
        Assert.Equal(3, (await _switches.Get()).Version);
    }

    private static Versioned<InstallationSettings> Version(long version) => new("installation", version, new InstallationSettings());

    private sealed class ScriptedInstallation : FakeGrainFactory, IInstallationGrain
    {
        public ConcurrentQueue<Task<Versioned<InstallationSettings>>> Answers { get; } = new();

        public Task<Versioned<InstallationSettings>> GetSettings() =>
            Answers.TryDequeue(out var answer) ? answer : throw new InvalidOperationException("Asked more often than expected.");

        public Task<ProjectCreated> CreateProject(string name) => throw new NotSupportedException();

        public Task<EditResult<InstallationSettings>> PutSettings(InstallationSettings settings, long? expectedVersion) =>
            throw new NotSupportedException();

        protected override object Find(Type type, string key) => this;
    }
}
