using System.Collections.Immutable;
using EsoCore.Grains.Storage;

namespace EsoCore.Tests.Support;

/// <summary>An outbox that only remembers what was confirmed.</summary>
internal sealed class ConfirmingOutbox : IOutboxStore
{
    public HashSet<TransitionId> Confirmed { get; } = [];

    public int Calls { get; private set; }

    public bool IsAway { get; set; }

    public Task<ImmutableArray<OutboxEntry>> ReadOldest(
        int shard, DateTimeOffset committedBefore, int limit, int perReceiver, CancellationToken cancel) => throw new NotSupportedException();

    public Task Confirm(string stream, string receiver, ImmutableArray<TransitionId> confirmed, CancellationToken cancel)
    {
        Calls++;
        if (IsAway)
            return Task.FromException(new EsoCore.History.StorageUnavailableException("away"));
        Confirmed.UnionWith(confirmed);
        return Task.CompletedTask;
    }
}
