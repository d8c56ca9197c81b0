using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;
using Xunit;
using static EsoCore.Tests.Runtime.Clustering.Members;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class MembershipViewTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void OwnerOf_TenThousandGrains_GivesEachSiloItsShare(int silos)
    {
        MembershipView view = ViewOf(silos);
        int[] shares = [.. SomeGrains.CountBy(grain => view.OwnerOf(grain)!).Select(share => share.Value)];
        Assert.Equal(silos, shares.Length);
        Assert.All(shares, share => Assert.InRange(share, 0.93 * SomeGrains.Count / silos, 1.07 * SomeGrains.Count / silos));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void OwnerOf_WithOneSiloMore_MovesOnlyWhatItWins(int silos)
    {
        MembershipView before = ViewOf(silos), after = ViewOf(silos + 1);
        SiloAddress added = Address(silos + 1);
        GrainId[] moved = [.. SomeGrains.Where(grain => before.OwnerOf(grain) != after.OwnerOf(grain))];
        Assert.All(moved, grain => Assert.Equal(added, after.OwnerOf(grain)));
        Assert.InRange(moved.Length, 0.9 * SomeGrains.Count / (silos + 1), 1.1 * SomeGrains.Count / (silos + 1));
    }

    [Fact]
    public void OwnerOf_AfterARestartOfASilo_IsAsBefore()
    {
        MembershipView before = ViewOf(3);
        MembershipView after = View(Member(1), Member(2, MemberStatus.Dead), Member(2, generation: 2), Member(3));
        Assert.All(SomeGrains, grain => Assert.Equal(before.OwnerOf(grain)!.Endpoint, after.OwnerOf(grain)!.Endpoint));
    }

    /// <summary>The numbers must never change: old and new programs work side by side.</summary>
    [Fact]
    public void OwnerOf_KnownGrains_IsTheSameInEveryRelease()
    {
        MembershipView view = ViewOf(3);
        string owners = string.Concat(SomeGrains.Take(24).Select(grain => view.OwnerOf(grain)!.Host[^1]));
        Assert.Equal("111122113213312332332131", owners);
    }

    [Fact]
    public void OwnerOf_AllocatesNothing()
    {
        MembershipView view = ViewOf(5);
        GrainId grain = GrainId.Create("device", new string('k', 80));
        view.OwnerOf(grain);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++) view.OwnerOf(grain);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void OwnerOf_WithoutAnActiveSilo_IsNull()
    {
        MembershipView view = View(Member(1, MemberStatus.Joining), Member(2, MemberStatus.Leaving), Member(3, MemberStatus.Dead));
        Assert.Null(view.OwnerOf(SomeGrains[0]));
        Assert.Null(MembershipView.Empty.OwnerOf(SomeGrains[0]));
    }

    [Fact]
    public void Active_OfTwoAtOneEndpoint_IsTheLaterStart() =>
        Assert.Equal([Address(1), Address(2, 9)], View(Member(2, generation: 9), Member(2, generation: 3), Member(1)).Active.ToArray());

    [Fact]
    public void Find_AMember_IsByEndpointAndGeneration()
    {
        MembershipView view = View([.. Enumerable.Range(1, 7).Select(n => Member(n))]);
        Assert.All(view.Members, member => Assert.Same(member, view.Find(member.Address)));
        Assert.Null(view.Find(Address(3, generation: 2)));
        Assert.Null(view.Find(Address(8)));
    }

    [Fact]
    public void CommonFormat_OfOldAndNew_IsTheHighestThatBothSpeak()
    {
        Member old = Member(1, program: new("1.0", 1, 2)), young = Member(2, program: new("1.1", 2, 3));
        Assert.Equal(2, View(old, young).CommonFormat);
        Assert.Equal(3, View(old with { Status = MemberStatus.Dead }, young).CommonFormat);
        Assert.Null(View(old, Member(3, program: new("2.0", 3, 4))).CommonFormat);
        Assert.Null(MembershipView.Empty.CommonFormat);
    }
}
