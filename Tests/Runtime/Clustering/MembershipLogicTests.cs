using EsoCore.Runtime.Clustering;
using Xunit;
using static EsoCore.Tests.Runtime.Clustering.Members;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class MembershipLogicTests
{
    private readonly LogicHarness _cluster = new();

    [Fact]
    public void ASiloWithoutALink_IsGivenNoGrains_WhileAnotherShowsLife()
    {
        var cluster = new LogicHarness();
        LogicMember first = cluster.Add(1, needsLink: true);
        cluster.Run(1);
        Assert.Equal(MemberStatus.Active, cluster.StatusOf(first));

        LogicMember second = cluster.Add(2, needsLink: true), third = cluster.Add(3, needsLink: true);
        cluster.Run(10);
        Assert.Equal(MemberStatus.Joining, cluster.StatusOf(second));

        second.Logic.Linked(first.Address, cluster.Now);
        cluster.Run(1);
        Assert.Equal(MemberStatus.Active, cluster.StatusOf(second));
        Assert.Equal(MemberStatus.Joining, cluster.StatusOf(third));
    }

    [Fact]
    public void AfterACrashOfAll_AnotherStartsAlone_AsSoonAsTheyAreSilent()
    {
        var cluster = new LogicHarness();
        LogicMember first = cluster.Add(1), second = cluster.Add(2);
        cluster.Run(3);
        (first.IsPaused, second.IsPaused) = (true, true);
        LogicMember third = cluster.Add(3, needsLink: true);
        cluster.Run(1);
        Assert.Equal(MemberStatus.Joining, cluster.StatusOf(third));
        cluster.Run(4);
        Assert.Equal(MemberStatus.Active, cluster.StatusOf(third));
        Assert.Equal(MemberStatus.Dead, cluster.StatusOf(first));
    }

    [Fact]
    public void SilosThatStartAtOnce_DoNotPassEachOtherBy()
    {
        var cluster = new LogicHarness();
        LogicMember one = cluster.Add(1, needsLink: true), other = cluster.Add(2, needsLink: true);
        cluster.Run(5);
        Assert.Single([one, other], member => cluster.StatusOf(member) == MemberStatus.Active);
    }

    [Fact]
    public void Joining_EndsWhenTheListenerIsUp()
    {
        LogicMember member = _cluster.Add(1, active: false);
        _cluster.Run(1);
        Assert.Equal(MemberStatus.Joining, _cluster.StatusOf(member));
        Assert.Equal((SiloStanding.Joining, true), (member.State.Standing, member.State.HasDatabase));
        Assert.Empty(member.State.View.Active);

        member.Logic.ListenerIsUp(_cluster.Now);
        _cluster.Run(1);
        Assert.True(member.State.IsServing);
        Assert.Equal([member.Address], member.State.View.Active.ToArray());
    }

    [Fact]
    public void Joining_BesideAProgramOfNoCommonFormat_WaitsAndSaysWhy()
    {
        LogicMember old = _cluster.Add(1);
        _cluster.Run(1);
        LogicMember young = _cluster.Add(2, program: new ProgramInfo("2.0", 2, 3));
        _cluster.Run(1);
        Assert.Contains("no message format in common", young.Logic.Problem);
        Assert.Null(_cluster.StatusOf(young));

        old.Logic.FinishLeaving(_cluster.Now);
        _cluster.Run(3);
        Assert.Null(young.Logic.Problem);
        Assert.True(young.State.IsServing);
    }

    [Fact]
    public async Task Heartbeats_ComeOncePerInterval_AndDoNotRaiseTheVersion()
    {
        LogicMember member = Start(1)[0];
        MembershipSnapshot before = await _cluster.Table.Read(default);
        _cluster.Run(10);
        MembershipSnapshot after = await _cluster.Table.Read(default);
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(20, after.Members[0].Heartbeat - before.Members[0].Heartbeat);
        Assert.True(member.State.IsServing);
    }

    [Fact]
    public void ASilentMember_IsEvictedAfterTheInterval_AndNotBefore()
    {
        LogicMember[] three = Start(3);
        three[2].IsPaused = true;
        _cluster.Run(1.9);
        Assert.Equal(MemberStatus.Active, _cluster.StatusOf(three[2]));
        _cluster.Run(1.2);
        Assert.Equal(MemberStatus.Dead, _cluster.StatusOf(three[2]));
        Assert.All(three[..2], member => Assert.Equal([three[0].Address, three[1].Address], member.State.View.Active.ToArray()));
    }

    [Fact]
    public void AnUnreachableMember_ThatIsSilent_IsEvictedSooner()
    {
        LogicMember[] three = Start(3);
        three[2].IsPaused = true;
        three[0].Logic.ReportUnreachable(three[2].Address, _cluster.Now);
        _cluster.Run(1.8);
        Assert.Equal(MemberStatus.Dead, _cluster.StatusOf(three[2]));
        Assert.True(three[0].State.View.Version > 0 && !three[0].State.View.Active.Contains(three[2].Address));
    }

    [Fact]
    public void AnUnreachableMember_WhoseCounterProgresses_IsNeverEvicted()
    {
        LogicMember[] two = Start(2);
        for (int i = 0; i < 100; i++)
        {
            two[0].Logic.ReportUnreachable(two[1].Address, _cluster.Now);
            _cluster.Run(0.1);
        }

        Assert.True(two[1].State.IsServing);

        // However often it is reported, the table is not read more than eight times an interval.
        Assert.InRange(two[0].Requests.OfType<ReadRequest>().Count(), 20, 8 * 2 * 14);
    }

    [Fact]
    public void AnEvictedMember_ThatWakes_ServesNothingAndLearnsIt()
    {
        LogicMember[] two = Start(2);
        two[1].IsPaused = true;
        _cluster.Run(20);
        two[1].Logic.Tick(_cluster.Now);
        Assert.Equal(SiloStanding.Unconfirmed, two[1].State.Standing);

        two[1].IsPaused = false;
        _cluster.Run(0.1);
        Assert.Equal(SiloStanding.Evicted, two[1].State.Standing);
        Assert.Equal(SiloStanding.Serving, two[0].State.Standing);
    }

    [Fact]
    public void APause_OfAll_EvictsNobody()
    {
        LogicMember[] three = Start(3);
        foreach (LogicMember member in three) member.IsPaused = true;
        _cluster.Run(60);

        // They wake one after the other: whoever is first finds the others silent, on its own clock for a minute.
        foreach (LogicMember member in three)
        {
            member.IsPaused = false;
            _cluster.Run(0.7);
        }

        _cluster.Run(5);
        Assert.All(three, member => Assert.True(member.State.IsServing));
    }

    [Fact]
    public async Task AReplyFromBeforeThePause_ConfirmsNothing()
    {
        LogicMember member = Start(1)[0];
        _cluster.Time.Advance(_cluster.Options.HeartbeatInterval);
        TableRequest beat = member.Logic.Next(Lane.Beat, _cluster.Now)!;
        TableReply reply = await beat.Execute(_cluster.Table, default);
        _cluster.Time.Advance(TimeSpan.FromSeconds(30));
        member.Logic.Complete(beat, reply, _cluster.Now);
        Assert.Equal(SiloStanding.Unconfirmed, member.State.Standing);

        member.Work();
        Assert.Equal(SiloStanding.Serving, member.State.Standing);
    }

    [Fact]
    public void TheTableAway_ChangesNothing_AndNobodyIsEvictedUntilAnIntervalAfter()
    {
        LogicMember[] three = Start(3);
        _cluster.TableIsAway = true;
        _cluster.Run(30);
        Assert.All(three, member => Assert.True(member.State is { IsServing: true, HasDatabase: false, View.Active.Length: 3 }));

        // One died meanwhile. It is found out one interval of regular reads after the table is back, not at once.
        three[2].IsPaused = true;
        _cluster.TableIsAway = false;
        _cluster.Run(1.9);
        Assert.Equal(MemberStatus.Active, _cluster.StatusOf(three[2]));
        _cluster.Run(1);
        Assert.Equal(MemberStatus.Dead, _cluster.StatusOf(three[2]));
        Assert.All(three[..2], member => Assert.True(member.State is { IsServing: true, HasDatabase: true }));
    }

    [Fact]
    public void AMemberCutOffFromTheTable_IsEvicted_AndLearnsItWhenItIsBack()
    {
        LogicMember[] two = Start(2);
        two[1].IsCutOff = true;
        _cluster.Run(5);
        Assert.Equal((true, false), (two[1].State.IsServing, two[1].State.HasDatabase));
        Assert.Equal(MemberStatus.Dead, _cluster.StatusOf(two[1]));

        two[1].IsCutOff = false;
        _cluster.Run(0.6);
        Assert.Equal(SiloStanding.Evicted, two[1].State.Standing);
    }

    [Fact]
    public async Task Eviction_OfAMemberWhoseCounterMovesInTheLastMoment_DoesNotHappen()
    {
        LogicMember[] two = Start(2);
        MembershipSnapshot seen = await _cluster.Table.Read(default);
        Member victim = seen.Members.Single(member => member.Address == two[1].Address);
        await _cluster.Table.Beat(victim.Address, default);
        var eviction = new StatusChange(victim.Address, MemberStatus.Active, MemberStatus.Dead, seen.Version, victim.Heartbeat);
        Assert.False(await _cluster.Table.Change(eviction, default));
    }

    [Fact]
    public async Task ARowThatIsGone_MeansEvicted()
    {
        LogicMember[] two = Start(2);
        _cluster.Set(two[1], MemberStatus.Dead);
        _cluster.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await _cluster.Table.DeleteDead(TimeSpan.FromHours(1), 10, default));
        _cluster.Run(1);
        Assert.Equal(SiloStanding.Evicted, two[1].State.Standing);
    }

    [Fact]
    public void Leaving_HandsOverFirst_AndEndsWhenTheOthersKnow()
    {
        LogicMember[] two = Start(2);
        two[0].Logic.Leave(_cluster.Now);
        two[0].Logic.FinishLeaving(_cluster.Now);
        _cluster.Run(0.7);
        Assert.Equal(SiloStanding.Leaving, two[0].State.Standing);
        Assert.All(two, member => Assert.Equal([two[1].Address], member.State.View.Active.ToArray()));

        _cluster.Run(1);
        Assert.Equal(SiloStanding.Left, two[0].State.Standing);
        Assert.Equal(MemberStatus.Dead, _cluster.StatusOf(two[0]));
        Assert.Null(two[0].Logic.Next(Lane.Beat, _cluster.Now + TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Leaving_WithoutHavingJoined_EndsAtOnce()
    {
        _cluster.TableIsAway = true;
        LogicMember member = _cluster.Add(1);
        _cluster.Run(2);
        member.Logic.FinishLeaving(_cluster.Now);
        _cluster.TableIsAway = false;
        _cluster.Run(1);
        Assert.Equal(SiloStanding.Left, member.State.Standing);
        Assert.Null(_cluster.StatusOf(member));
    }

    [Fact]
    public void ARestartedSilo_ReplacesItsFormerSelf()
    {
        LogicMember[] two = Start(2);
        two[1].IsPaused = true;
        LogicMember again = _cluster.Add(2, generation: 2);
        _cluster.Run(1);
        Assert.Equal([two[0].Address, again.Address], two[0].State.View.Active.ToArray());
        _cluster.Run(3);
        Assert.Equal(MemberStatus.Dead, _cluster.StatusOf(two[1]));
    }

    [Fact]
    public void DeadRows_AreDeletedAfterAnHour_ByWhoeverEvicts()
    {
        LogicMember[] three = Start(3);
        _cluster.Set(three[2], MemberStatus.Dead);
        _cluster.Run(1);
        Assert.Equal(MemberStatus.Dead, _cluster.StatusOf(three[2]));
        _cluster.Time.Advance(TimeSpan.FromHours(1));
        _cluster.Run(3);
        three[1].IsPaused = true;
        _cluster.Run(3);
        Assert.Null(_cluster.StatusOf(three[2]));
        Assert.Equal(MemberStatus.Dead, _cluster.StatusOf(three[1]));
    }

    [Fact]
    public void NoticeVersion_OfANewerView_ReadsAtOnce()
    {
        LogicMember[] two = Start(2);
        two[0].Requests.Clear();
        two[0].Logic.NoticeVersion(two[0].State.View.Version, _cluster.Now);
        TimeSpan due = two[0].Logic.DueAt(Lane.Watch);
        two[0].Logic.NoticeVersion(two[0].State.View.Version + 1, _cluster.Now);
        Assert.True(two[0].Logic.DueAt(Lane.Watch) < due);
    }

    private LogicMember[] Start(int count)
    {
        LogicMember[] members = [.. Enumerable.Range(1, count).Select(n => _cluster.Add(n))];
        _cluster.Run(3);
        Assert.All(members, member => Assert.True(member.State.IsServing));
        Assert.All(members, member => Assert.Equal(count, member.State.View.Active.Length));
        return members;
    }
}
