using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>
/// The last batches of a device, so that the usual re-send (the answer was lost on the way) is answered without opening it. Only a short
/// cut: the ledger decides, in the commit.
/// </summary>
internal sealed class RecentBatches
{
    /// <summary>Batches remembered.</summary>
    internal const int Max = 2;

    private readonly LedgerEntry?[] _entries = new LedgerEntry?[Max];
    private int _next;

    internal LedgerEntry? Find(Guid batchId)
    {
        foreach (var entry in _entries)
        {
            if (entry?.BatchId == batchId)
                return entry;
        }

        return null;
    }

    internal void Add(LedgerEntry entry)
    {
        _entries[_next] = entry;
        _next = (_next + 1) % Max;
    }
}
