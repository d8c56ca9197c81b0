using EsoCore.Events;
using EsoCore.Grains.Events;
using EsoCore.Grains.Storage;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Events;

public sealed class ResendPlanTests
{
    private static readonly ReceiverId Receiver = new("stream", "key");
    private static readonly TransitionId First = new(Guid.NewGuid(), new TransitionPosition(1, 0));
    private static readonly TransitionId Second = new(First.DeviceId, new TransitionPosition(2, 0));

    private readonly FakeTimeProvider _time = new();
    private readonly ResendPlan _plan;

    public ResendPlanTests() => _plan = new ResendPlan(_time);

    [Fact]
    public void Waits_WhileTheOldestStays_DoubleUpToTheLongest()
    {
        var wait = ResendPlan.FirstWait;
        for (var attempt = 0; attempt < 12; attempt++)
        {
            Assert.True(_plan.IsDue(Receiver, First));
            _plan.Sent(Receiver, First, failed: false);
            _time.Advance(wait - TimeSpan.FromTicks(1));
            Assert.False(_plan.IsDue(Receiver, First));
            _time.Advance(TimeSpan.FromTicks(1));
            wait = wait * 2 > ResendPlan.MaxWait ? ResendPlan.MaxWait : wait * 2;
        }
    }

    [Fact]
    public void IsDue_OnceTheOldestIsGone_AtOnceAndFromTheBeginning()
    {
        for (var i = 0; i < 5; i++)
            _plan.Sent(Receiver, First, failed: false);
        Assert.False(_plan.IsDue(Receiver, First));
        Assert.True(_plan.IsDue(Receiver, Second));
        _plan.Sent(Receiver, Second, failed: false);
        _time.Advance(ResendPlan.FirstWait);
        Assert.True(_plan.IsDue(Receiver, Second));
    }

    [Fact]
    public void OneByOne_AfterAFailureOnly()
    {
        Assert.False(_plan.OneByOne(Receiver));
        _plan.Sent(Receiver, First, failed: true);
        Assert.True(_plan.OneByOne(Receiver));
        _plan.Sent(Receiver, First, failed: false);
        Assert.False(_plan.OneByOne(Receiver));
    }

    [Fact]
    public void Keep_ReceiversThatWaitForNothing_AreForgotten()
    {
        _plan.Sent(Receiver, First, failed: false);
        _plan.Keep(new HashSet<ReceiverId>());
        Assert.Equal(0, _plan.Waiting);
    }
}
