using EsoCore.Incidents;

namespace EsoCore.Grains.Incidents;

/// <summary>What becomes of incidents when people change the times or the count of their rule.</summary>
internal sealed partial class IncidentMachine
{
    private readonly bool _isEdited;

    /// <summary>
    /// Keeps together what the incidents were by the rule's earlier times: those that are over stay as they are, those that go on end by
    /// the new times. Of several devices only what goes on now is counted anew.
    /// </summary>
    private void Settle(RuleTiming before)
    {
        var clusters = EpisodeClusters.Of(_episodes, _records, before, Now);
        foreach (var record in _records.ToList())
        {
            if (clusters.FirstOrDefault(c => Overlaps(c, record.View)) is not { } own)
                continue;
            var isOver = record.View.Status == IncidentStatus.Resolved && own.OverAt <= Now;
            if (!isOver && (before.Devices > 1 || _timing.Devices > 1))
                continue;
            var joined = !isOver ? own.LastAt : record.Settled is { } known && known.OverAt == own.OverAt ? known.JoinUntil
                : EpisodeClusters.Plus(Max(own.OverAt, record.JoinedUntil ?? own.OverAt), before.ReopenWithin);
            Put(record with { Settled = new SettledSpan(own.Start, own.LastAt, isOver ? own.OverAt : null, joined, record.View.Reopened) });
        }

        if (before.Devices <= 1)
            return;

        // Devices that were back before the edit made no incident then, and are to make none now.
        var members = clusters.SelectMany(c => c.Members).ToHashSet();
        var gone = _episodes.Where((e, i) => !members.Contains(i) && !(e.Lasts && e.End is null)
            && EpisodeClusters.Plus(e.Start, _timing.Within) <= Now).ToHashSet(ReferenceEqualityComparer.Instance);
        _episodes.RemoveAll(gone.Contains);
    }

    /// <summary>Whether nothing is new of an incident that was over when the rule's times were changed.</summary>
    private static bool IsSettled(IncidentRecord record, Cluster cluster) => record.Settled is { OverAt: not null }
        && record.View.Status == IncidentStatus.Resolved && cluster.End is not null && cluster.Count == record.View.Count;
}
