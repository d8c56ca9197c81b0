using EsoCore.Events;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Events;

/// <summary>
/// Puts transitions onto their receivers' streams right after the commit, so that they arrive within milliseconds. Nobody waits for it and
/// nothing depends on it: what gets lost the outbox sends again.
/// </summary>
internal sealed class TransitionPublisher(ILogger<TransitionPublisher> log)
{
    /// <summary>Transitions in one list; more to one receiver go in several.</summary>
    public const int MaxListItems = 1_000;

    /// <summary>Publishes what a commit wrote, each receiver's in order. To be called from the committing grain's turn.</summary>
    public void Publish(IStreamProvider streams, ImmutableArray<OutboxEntry> entries)
    {
        foreach (var (receiver, items) in ByReceiver(entries))
            _ = TrySend(streams, receiver, items);
    }

    /// <summary>The entries by receiver, in the order in which receivers first appear.</summary>
    public static IEnumerable<(ReceiverId Receiver, ImmutableArray<Transition> Items)> ByReceiver(ImmutableArray<OutboxEntry> entries) =>
        entries.GroupBy(e => new ReceiverId(e.Stream, e.Receiver), e => e.Transition).Select(g => (g.Key, g.ToImmutableArray()));

    /// <summary>Publishes transitions to one receiver, cut into lists of at most <see cref="MaxListItems"/>.</summary>
    public static async Task Send(IStreamProvider streams, ReceiverId receiver, ImmutableArray<Transition> items)
    {
        var stream = streams.GetStream<TransitionList>(StreamId.Create(receiver.Stream, receiver.Key));
        foreach (var part in items.Chunk(MaxListItems))
            await stream.OnNextAsync(new TransitionList([.. part]));
    }

    private async Task TrySend(IStreamProvider streams, ReceiverId receiver, ImmutableArray<Transition> items)
    {
        try
        {
            await Send(streams, receiver, items);
        }
        catch (Exception error)
        {
            log.LogInformation(error, "{Count} transitions to {Receiver} are left to the outbox", items.Length, receiver);
        }
    }
}

/// <summary>A receiver of transitions: the stream's name and the grain's key.</summary>
internal readonly record struct ReceiverId(string Stream, string Key);
