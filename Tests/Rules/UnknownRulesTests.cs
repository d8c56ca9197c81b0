using System.Collections.Immutable;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static EsoCore.Tests.Rules.RuleSeeds;

namespace EsoCore.Tests.Rules;

/// <summary>Steps of devices whose rules were never read in this process, and cannot be.</summary>
public sealed class UnknownRulesTests
{
    private readonly DeviceRuleRunner _runner = new(
        new RuleBooks(new NoGrains(), new FakeTimeProvider(), NullLogger<RuleBooks>.Instance), null!, null!, null!,
        NullLogger<DeviceRuleRunner>.Instance);

    [Fact]
    public async Task AfterStep_Unknown_LeavesWhatIsHeldAndRefusesWhatIsJudgedOnce()
    {
        var state = State();
        Task<Twin> Step(ImmutableArray<NewEvent> events, bool online) => _runner.AfterStep(
            DeviceId, state, state.Twin, events, new RuleMoment(null, 1, online, At(0), At(0)),
            new TransitionWriter(ProjectId, DeviceId, state.Twin, new SharedValues())).AsTask();

        Assert.Same(state.Twin, await Step([], online: true));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => Step([], online: false));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => Step([Event("power_outage", 0)], online: true));
        Assert.Equal(Start + DeviceRuleRunner.UnknownRetry, await _runner.NextLook(DeviceId, state.Traits, state.Twin, Start));
    }

    private static DeviceState State()
    {
        var traits = new DeviceTraits(
            ProjectId, "DOOR", "HALL", ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, "stable", false,
            ConfigSettings.Empty);
        var held = new LevelState("hot", "s1", 1, At(0), Told: true, 90, 1, At(0), $"device:{DeviceId:D}", "metric:temp", "high");
        var twin = Twin.New with { Rare = Twin.New.Rare with { Rules = RuleMemory.Empty with { Levels = [held] } } };
        return new DeviceState(1, "S-1", At(0), 1, 0, traits, twin);
    }

    private sealed class NoGrains : FakeGrainFactory
    {
        protected override object Find(Type type, string key) => throw new InvalidOperationException("No grain answers.");
    }
}
