using EsoCore.Grains.Incidents;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>Commits whose outcome is unknown, and second writers.</summary>
public sealed partial class IncidentGrainTests
{
    [Fact]
    public async Task Commit_WhoseOutcomeIsUnknown_LosesNothingAndTellsNothingTwice()
    {
        _rules.Set("tamper", Rule(Notify("team:security")));
        var failed = 0;
        _cluster.Stores.FaultAfter = method =>
            method == "CommitWork" && Interlocked.Increment(ref failed) == 1 ? new CommitUnknownException("lost") : null;
        var entry = SourceOf("tamper").Next(Episode("tampering", 0, null));
        _cluster.Stores.AddToOutbox(1, entry);
        await Publish([entry]);
        await WaitFor(async () => (await All()).Items.Length == 1);
        await Publish([entry]);
        await _cluster.Stores.Until(() => _cluster.Stores.Unconfirmed.IsEmpty);
        await Advance(() => _outlet.Taken.Length >= 1);
        Assert.Single(_outlet.Told);
        Assert.Equal(1, Assert.Single((await All()).Items).Count);
        Assert.Single(_cluster.Stores.Log);
    }

    [Fact]
    public async Task SecondWriter_AnActIsDecidedAnewOnWhatStands()
    {
        _rules.Set("tamper", Rule());
        await Deliver("tamper", Episode("tampering", 0, null));
        var incident = (await All()).Items[0];
        var owner = $"incident/tamper/{SubjectKey.Device(Logger)}";
        var stored = (await _cluster.Stores.Load(_project, owner, default))!;
        Assert.True(await _cluster.Stores.Commit(new WorkCommit(_project, owner, stored.Version, stored.Body, [], []), default));
        var edit = await Grain("tamper").Act(new(incident.Id, IncidentVerb.Acknowledge, "key:7", null, null, null));
        Assert.Equal(EditOutcome.Changed, edit.Outcome);
        Assert.Equal(IncidentStatus.Acknowledged, (await All()).Items[0].Status);
    }

    [Fact]
    public async Task SecondWriter_ACommentOnAnOldIncidentIsKept()
    {
        _rules.Set("tamper", Rule());
        for (var i = 0; i <= IncidentLimits.MaxIncidents; i++)
            await Deliver("tamper", Episode("tampering", (i - 20) * 100, (i - 20) * 100 + 5));
        var oldest = (await All()).Items.MinBy(i => i.StartedAt)!;
        var owner = $"incident/tamper/{SubjectKey.Device(Logger)}";
        var stored = (await _cluster.Stores.Load(_project, owner, default))!;
        Assert.True(await _cluster.Stores.Commit(new WorkCommit(_project, owner, stored.Version, stored.Body, [], []), default));
        var commented = await Grain("tamper").Act(new(oldest.Id, IncidentVerb.Comment, "key:7", "seen", null, null));
        Assert.Equal(EditOutcome.Changed, commented.Outcome);
        Assert.Contains((await Lists.Find(oldest.Id))!.Trail, t => t.Action == "incident.commented");
    }
}
