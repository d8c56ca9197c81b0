using System.Collections.Immutable;
using EsoCore.Events;
using EsoCore.Grains.Events;
using EsoCore.Grains.Storage;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EsoCore.Tests.Events;

public sealed class TransitionReceiverTests
{
    [Theory]
    [InlineData(5, 0, 5, 0, 4, 0, TransitionVerdict.Repeat)]
    [InlineData(5, 1, 5, 0, 4, 0, TransitionVerdict.Repeat)]
    [InlineData(5, 0, 5, 1, 5, 0, TransitionVerdict.Apply)]
    [InlineData(5, 0, 9, 0, 5, 0, TransitionVerdict.Apply)]
    [InlineData(5, 0, 9, 0, 3, 0, TransitionVerdict.Apply)]
    [InlineData(5, 0, 9, 0, 5, 1, TransitionVerdict.Gap)]
    [InlineData(0, 0, 9, 0, 0, 0, TransitionVerdict.Apply)]
    [InlineData(0, 0, 9, 0, 8, 0, TransitionVerdict.Gap)]
    public void Judge_ByMarkPositionAndPrevious(
        long mark, int markOrdinal, long version, int ordinal, long previous, int previousOrdinal, object verdict)
    {
        var transition = new Transition(
            Guid.NewGuid(), new TransitionPosition(version, ordinal), new TransitionPosition(previous, previousOrdinal), default, new LeftSite());
        Assert.Equal(verdict, TransitionReceiver.Judge(new TransitionPosition(mark, markOrdinal), transition));
    }
}

public sealed class TransitionInboxTests
{
    private static readonly Guid Device = Guid.NewGuid();

    private readonly ConfirmingOutbox _outbox = new();
    private readonly TransitionInbox _inbox;
    private readonly List<long> _applied = [];
    private ReadOnlyMemory<byte> _written;
    private bool _writeFails;
    private bool _readFails;

    public TransitionInboxTests() => _inbox = new TransitionInbox("stream", "receiver", 2, _outbox, NullLogger.Instance);

    [Fact]
    public async Task Receive_NewOnes_AreConfirmedAfterTheWrite()
    {
        Receive(Item(1, 0), Item(2, 1));
        Assert.Empty(_outbox.Confirmed);
        await Commit();
        Assert.Equal([Id(1), Id(2)], _outbox.Confirmed.OrderBy(c => c.Position));
        Assert.Equal([1, 2], _applied);
    }

    [Fact]
    public async Task Receive_Repeats_AreConfirmedAgainWithoutEffectOrWrite()
    {
        Receive(Item(1, 0));
        await Commit();
        _outbox.Confirmed.Clear();
        _writeFails = true;
        Receive(Item(1, 0));
        await Commit();
        Assert.Equal([Id(1)], _outbox.Confirmed);
        Assert.Equal([1], _applied);
    }

    [Fact]
    public async Task Receive_AfterAGap_NeitherTakesNorConfirms()
    {
        Receive(Item(3, 2), Item(4, 3));
        await Commit();
        Assert.Empty(_applied);
        Assert.Empty(_outbox.Confirmed);
        Receive(Item(1, 0), Item(2, 1), Item(3, 2), Item(4, 3));
        await Commit();
        Assert.Equal([1, 2, 3, 4], _applied);
        Assert.Equal(4, _outbox.Confirmed.Count);
    }

    [Fact]
    public async Task Receive_OneThatCannotBeApplied_IsSkippedAndConfirmedAndStopsNothing()
    {
        _inbox.Receive(new TransitionList([Item(1, 0), Item(2, 1), Item(3, 2)]), (t, flags) =>
            t.Position.TwinVersion == 2 ? throw new NotSupportedException() : Apply(t, flags));
        await Commit();
        Assert.Equal([1, 3], _applied);
        Assert.Equal(3, _outbox.Confirmed.Count);
    }

    [Fact]
    public async Task Commit_WriteFails_ConfirmsNothingAndTakesTheSameAgain()
    {
        _writeFails = true;
        Receive(Item(1, 0));
        await Commit();
        Assert.Empty(_outbox.Confirmed);
        _writeFails = false;
        Receive(Item(1, 0));
        await Commit();
        Assert.Equal([1, 1], _applied);
        Assert.Equal([Id(1)], _outbox.Confirmed);
    }

    [Fact]
    public async Task Commit_WriteAndReadFail_GivesUpAndTakesNothingMore()
    {
        (_writeFails, _readFails) = (true, true);
        Receive(Item(1, 0));
        await Commit();
        Assert.True(_inbox.IsLost);
        (_writeFails, _readFails) = (false, false);
        Receive(Item(1, 0), Item(2, 1));
        await Commit();
        Assert.Equal([1], _applied);
        Assert.Empty(_outbox.Confirmed);
    }

    [Fact]
    public async Task Commit_ConfirmingFails_TheRepeatIsConfirmedLater()
    {
        _outbox.IsAway = true;
        Receive(Item(1, 0));
        await Commit();
        _outbox.IsAway = false;
        Receive(Item(1, 0));
        await Commit();
        Assert.Equal([1], _applied);
        Assert.Equal([Id(1)], _outbox.Confirmed);
    }

    [Fact]
    public async Task Receive_WhenFull_ConfirmsNewSourcesWithoutEffect()
    {
        Receive(Item(1, 0), Item(1, 0, Guid.NewGuid()), Item(7, 6, Guid.NewGuid()));
        await Commit();
        Assert.Equal(2, _applied.Count);
        Assert.Equal(2, _inbox.Sources.Count);
        Assert.Equal(3, _outbox.Confirmed.Count);
    }

    private void Receive(params ImmutableArray<Transition> items) => _inbox.Receive(new TransitionList(items), Apply);

    private byte Apply(Transition transition, byte flags)
    {
        _applied.Add(transition.Position.TwinVersion);
        return flags;
    }

    private Task Commit() => _inbox.Commit(
        () =>
        {
            if (_writeFails)
                return Task.FromException(new IOException("away"));
            _written = _inbox.Sources.Pack();
            return Task.CompletedTask;
        },
        () =>
        {
            if (_readFails)
                return Task.FromException(new IOException("away"));
            _inbox.Load(_written);
            return Task.CompletedTask;
        },
        () => { });

    private static TransitionId Id(long version) => new(Device, new TransitionPosition(version, 0));

    private static Transition Item(long version, long previous, Guid? device = null) =>
        new(device ?? Device, new TransitionPosition(version, 0), new TransitionPosition(previous, 0), default, new PresenceChanged(true));
}
