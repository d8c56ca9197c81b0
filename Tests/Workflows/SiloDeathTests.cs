using EsoCore.Escalation;
using EsoCore.Rules;
using EsoCore.Telemetry;
using Xunit;

namespace EsoCore.Tests.Workflows;

/// <summary>
/// A silo dies on the way from a device's event to the message about it: nothing is handed over, and its memory is gone. The other one
/// finds in the database what is still to be done.
/// </summary>
public sealed class SiloDeathTests
{
    private const string First = "first";
    private const string Second = "second";

    private static readonly TimeSpan Delay = TimeSpan.FromMinutes(30);

    [Theory]
    [InlineData(Moment.DeviceCommitted)]
    [InlineData(Moment.IncidentCommitted)]
    [InlineData(Moment.NoticeTaken)]
    [InlineData(Moment.MessageCommitted)]
    [InlineData(Moment.MessageSent)]
    public async Task Message_WhoseSiloIsKilledOnTheWay_ArrivesAndRepeatsCarryTheSameKey(Moment moment)
    {
        await using var cluster = await MortalCluster.Start(moment);
        await cluster.AddHook(First);
        await cluster.SetUp(new NotifyAction([$"channel:{First}"], []));
        var batch = cluster.Batch();
        cluster.Send(batch);
        await cluster.KillAtItsMoment();

        // What the device committed is sent on by the outbox, which the other silo takes over at once; grains are woken by reminders.
        if (moment == Moment.DeviceCommitted)
            await cluster.Receiver.Until(1);
        else
        {
            cluster.Clock.Leap(MortalCluster.Reminder);
            await cluster.Arrive(moment == Moment.MessageSent ? 2 : 1);
        }

        Assert.Equal(UploadOutcome.Replayed, await cluster.Upload(batch));
        await cluster.Settled();

        var messages = cluster.Receiver.Requests;
        Assert.Single(messages.Select(message => message.Header("Idempotency-Key")).Distinct());
        Assert.Single(messages.Select(message => message.Text).Distinct());
        Assert.Equal(["delivered"], await cluster.Deliveries());
        Assert.Equal(1, (await cluster.Incident()).Count);
    }

    [Fact]
    public async Task Message_WhoseCommitIsCarriedOutAfterItsSiloDied_IsTheOnlyOneMadeOfItsNotice()
    {
        await using var cluster = await MortalCluster.Start();
        await cluster.AddHook(First);
        await cluster.SetUp(new NotifyAction([$"channel:{First}"], []));

        // First the notice is committed, which passes, and then the message that is made of it.
        await using var commits = await cluster.HoldNotifier(First);
        cluster.Send(cluster.Batch());
        await commits.Holds(1);
        await cluster.KillHolderOf(cluster.Notifier(First));
        var died = cluster.Clock.GetUtcNow();
        var waking = cluster.Wake(cluster.Notifier(First), 1);
        await commits.Holds(2);
        await commits.LetGo();
        await waking;

        var message = (await cluster.Receiver.Until(1))[0];
        await cluster.Settled();
        Assert.Single(cluster.Receiver.Requests.Select(request => request.Header("Idempotency-Key")).Distinct());
        Assert.True(message.Json.GetProperty("at").GetDateTimeOffset() < died, "The dead silo's commit was not carried out.");
        Assert.Equal(["delivered"], await cluster.Deliveries());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Escalation_WhoseSiloIsKilledDuringItsDelay_TellsTheNextLevelOnceWhenItIsDue(bool isWokenOften)
    {
        const int wakeUps = 3;
        await using var cluster = await MortalCluster.Start();
        await cluster.AddHook(First);
        await cluster.AddHook(Second);
        var policy = new EscalationPolicy(
            "Two levels", [new(TimeSpan.Zero, [$"channel:{First}"], []), new(Delay, [$"channel:{Second}"], [])], null, 0, null);
        var edit = await cluster.Grain<IEscalationPolicyGrain>(cluster.KeyOf("p")).Put(policy, null, true);
        Assert.Equal(EditOutcome.Created, edit.Outcome);
        await cluster.SetUp(new EscalateAction("p", null, [], []));
        await cluster.Upload(cluster.Batch());
        await cluster.Receiver.Until(1);
        await cluster.Settled();
        await cluster.KillHolderOf(cluster.IncidentGrain);

        // The clock runs on by itself too, so leaps are reckoned from the first level and end well before the second one or right with it.
        var due = (await cluster.Escalations())[0] + Delay;
        if (isWokenOften)
        {
            cluster.Clock.Leap(due - TimeSpan.FromMinutes(10) - cluster.Clock.GetUtcNow());
            await cluster.Wake(cluster.IncidentGrain, wakeUps);
            Assert.Equal(1, (await cluster.Incident()).EscalationLevel);
        }

        cluster.Clock.Leap(due - cluster.Clock.GetUtcNow());
        if (isWokenOften)
            await cluster.Wake(cluster.IncidentGrain, wakeUps);
        await cluster.Arrive(1, message => message.Path == $"/{Second}");
        cluster.Clock.Leap(2 * Delay);
        await cluster.Wake(cluster.IncidentGrain, wakeUps);
        await cluster.Settled();

        var times = await cluster.Escalations();
        Assert.Equal(2, times.Length);
        Assert.True(times[1] - times[0] >= Delay, $"The second level was told {times[1] - times[0]} after the first.");
        Assert.Equal(2, (await cluster.Incident()).EscalationLevel);
        foreach (var hook in new[] { First, Second })
        {
            var keys = cluster.Receiver.Requests.Where(message => message.Path == $"/{hook}").Select(m => m.Header("Idempotency-Key"));
            Assert.Single(keys.Distinct());
        }
    }
}
