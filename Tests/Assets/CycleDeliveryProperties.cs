using System.Collections.Immutable;
using EsoCore.Events;
using EsoCore.Grains.Assets;
using EsoCore.Grains.Events;
using EsoCore.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EsoCore.Tests.Assets;

/// <summary>
/// Whatever a stream does to the deliveries (repeats, losses, any order), an asset ends with the counts of each transition taken once.
/// </summary>
public sealed class CycleDeliveryProperties
{
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 22, 0, 0, TimeSpan.Zero);

    /// <summary>One event as generated: which device tells it, when it happened, and what.</summary>
    private sealed record Told(int Device, int Second, int Id, bool Closes, int DurationMs);

    private static readonly Gen<Told[]> Stories =
        from count in Gen.Choose(0, 40)
        from told in Gen.ArrayOf(
            from device in Gen.Choose(0, 2)
            from second in Gen.Choose(0, 20_000)
            from id in Gen.Choose(0, 6)
            from closes in Gen.Elements(true, false)
            from durationMs in Gen.Frequency((3, Gen.Constant(-1)), (1, Gen.Choose(0, 100_000)))
            select new Told(device, second, id, closes, durationMs), count)
        select told;

    [Fact]
    public void Deliveries_InAnyOrderTheReceivingRuleAdmitsAndRepeated_CountAsEachExactlyOnce() =>
        Prop.ForAll(Stories.ToArbitrary(), Gen.Choose(0, int.MaxValue).ToArbitrary(), (story, seed) =>
        {
            var transitions = Transitions(story);
            var once = transitions.Aggregate(CycleState.Empty, (state, t) => CycleFold.Apply(state, t.At, t.Body));
            CycleFoldTests.AssertSame(CycleFold.ToCounts(once), CycleFold.ToCounts(Deliver(transitions, new System.Random(seed))));
        }).Check(Seeded.Cases());

    /// <summary>Delivers lists drawn at random from all transitions, until each has been confirmed; some writes fail on the way.</summary>
    private static CycleState Deliver(ImmutableArray<Transition> transitions, System.Random random)
    {
        var outbox = new ConfirmingOutbox();
        var inbox = new TransitionInbox(TransitionStreams.Assets, "asset", 10, outbox, NullLogger.Instance);
        var (cycles, written, writtenSources) = (CycleState.Empty, CycleState.Empty, ReadOnlyMemory<byte>.Empty);
        while (outbox.Confirmed.Count < transitions.Length)
        {
            var list = random.GetItems(transitions.AsSpan(), random.Next(1, 12));
            inbox.Receive(new TransitionList([.. list]), (transition, flags) =>
            {
                cycles = CycleFold.Apply(cycles, transition.At, transition.Body);
                return flags;
            });
            inbox.Commit(
                () =>
                {
                    if (random.Next(5) == 0)
                        return Task.FromException(new IOException("away"));
                    (written, writtenSources) = (cycles, inbox.Sources.Pack());
                    return Task.CompletedTask;
                },
                () =>
                {
                    inbox.Load(writtenSources);
                    cycles = written;
                    return Task.CompletedTask;
                },
                () => throw new InvalidOperationException("Reading never fails here.")).GetAwaiter().GetResult();
        }

        return written;
    }

    private static ImmutableArray<Transition> Transitions(Told[] story)
    {
        var devices = Enumerable.Range(0, 3).Select(_ => Guid.NewGuid()).ToArray();
        var last = new TransitionPosition[3];
        var transitions = ImmutableArray.CreateBuilder<Transition>();
        foreach (var told in story)
        {
            var previous = last[told.Device];
            var position = told.Second % 2 == 0
                ? new TransitionPosition(previous.TwinVersion + 1, 0)
                : new TransitionPosition(Math.Max(1, previous.TwinVersion), previous.Ordinal + 1);
            var id = told.Id < 3 ? null : $"c{told.Id}";
            TransitionBody body = told.Closes ? new CycleClosed(id, told.DurationMs < 0 ? null : told.DurationMs, told.Second) : new CycleOpened(id);
            transitions.Add(new Transition(devices[told.Device], position, previous, Start.AddSeconds(told.Second), body));
            last[told.Device] = position;
        }

        return transitions.ToImmutable();
    }
}
