using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;
using Xunit;
using static EsoCore.Tests.Runtime.Clustering.Members;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class RoutingTests
{
    private static readonly MembershipView Three = ViewOf(3);
    private static readonly GrainId Own = GrainOf(Three, Address(1));
    private static readonly GrainId Foreign = GrainOf(Three, Address(2));

    [Fact]
    public void Decide_OfAnOwnGrain_IsLocalHoweverOftenItWasForwarded()
    {
        foreach (int? forwards in (int?[])[null, 0, 1, 2]) Assert.Equal(RouteKind.Local, Routing.Decide(Serving(), Own, forwards).Kind);
    }

    [Theory]
    [InlineData(null, RouteKind.Remote)]
    [InlineData(0, RouteKind.Remote)]
    [InlineData(1, RouteKind.Remote)]
    [InlineData(2, RouteKind.Refuse)]
    [InlineData(3, RouteKind.Refuse)]
    public void Decide_OfAForeignGrain_ForwardsTwiceAtMost(int? forwards, RouteKind expected)
    {
        Route route = Routing.Decide(Serving(), Foreign, forwards);
        Assert.Equal(expected, route.Kind);
        Assert.Equal(expected == RouteKind.Remote ? Address(2) : null, route.Target);
        Assert.Equal(expected == RouteKind.Remote ? RefusalReason.None : RefusalReason.TooManyForwards, route.Reason);
    }

    [Theory]
    [InlineData(SiloStanding.Joining, RefusalReason.NotOwner)]
    [InlineData(SiloStanding.Leaving, RefusalReason.NotOwner)]
    [InlineData(SiloStanding.Unconfirmed, RefusalReason.Unconfirmed)]
    [InlineData(SiloStanding.Evicted, RefusalReason.Over)]
    [InlineData(SiloStanding.Left, RefusalReason.Over)]
    public void Decide_WhenNotServing_TakesNothing(SiloStanding standing, RefusalReason reason) =>
        Assert.Equal(new Route(RouteKind.Refuse, null, reason), Routing.Decide(Serving() with { Standing = standing }, Own, 0));

    [Theory]
    [InlineData(SiloStanding.Joining)]
    [InlineData(SiloStanding.Leaving)]
    [InlineData(SiloStanding.Unconfirmed)]
    public void Decide_WhenNotServing_StillForwards(SiloStanding standing) =>
        Assert.Equal(Address(2), Routing.Decide(Serving() with { Standing = standing }, Foreign, 0).Target);

    [Fact]
    public void Decide_WithoutADatabase_IsAsBefore() =>
        Assert.Equal(RouteKind.Local, Routing.Decide(Serving() with { HasDatabase = false }, Own, 0).Kind);

    [Fact]
    public void Decide_InAProcessThatOnlyWatches_IsAlwaysRemote()
    {
        var state = new ClusterState(Three, null, SiloStanding.Outside, true);
        Assert.All(SomeGrains.Take(100), grain => Assert.Equal(Three.OwnerOf(grain), Routing.Decide(state, grain, null).Target));
    }

    [Fact]
    public void Decide_WithoutAnActiveSilo_IsRefused_ExceptInTheLastOneThatLeaves()
    {
        var state = new ClusterState(View(Member(1, MemberStatus.Leaving)), Address(1), SiloStanding.Leaving, true);
        Assert.Equal(RouteKind.Local, Routing.Decide(state, Own, null).Kind);
        Assert.Equal(RefusalReason.NoActiveSilo, Routing.Decide(state with { Standing = SiloStanding.Joining }, Own, null).Reason);
    }

    [Fact]
    public void ShouldYield_IsTrueForWhatIsNotOnesOwn()
    {
        Assert.False(Routing.ShouldYield(Serving(), Own));
        Assert.True(Routing.ShouldYield(Serving(), Foreign));
        Assert.False(Routing.ShouldYield(Serving() with { Standing = SiloStanding.Unconfirmed, HasDatabase = false }, Own));
        Assert.True(Routing.ShouldYield(Serving() with { Standing = SiloStanding.Leaving }, Own));
        Assert.True(Routing.ShouldYield(Serving() with { Standing = SiloStanding.Evicted }, Own));
        Assert.False(Routing.ShouldYield(Serving() with { View = MembershipView.Empty }, Own));
    }

    private static ClusterState Serving() => new(Three, Address(1), SiloStanding.Serving, true);
}
