using EsoCore.Incidents;
using EsoCore.Rules;

namespace EsoCore.Grains.Incidents;

/// <summary>What is held one by one of the episodes, and what becomes of the rest.</summary>
internal sealed partial class IncidentMachine
{
    /// <summary>Episodes beyond what is held one by one are only counted.</summary>
    private void Fold()
    {
        var surplus = Surplus();
        if (surplus.Count == 0)
            return;
        var gone = surplus.ToHashSet(ReferenceEqualityComparer.Instance);
        _episodes.RemoveAll(gone.Contains);
        foreach (var episode in surplus)
        {
            if (!EpisodeClusters.Counts(episode, Now))
                continue;
            var (from, to) = (episode.Start, episode.End ?? episode.Start);
            if (_records.Find(r => r.View.StartedAt <= from && (r.View.EndedAt ?? DateTimeOffset.MaxValue) >= from) is not { } record)
                continue;
            var isCut = _timing.Devices > 1 && IsLive(episode);
            if (isCut && !record.IsCut)
                Tell("incident.cut", ItsOwn, record,
                    $"More than {IncidentLimits.MaxEpisodesOfDevices} devices: the oldest no longer count.");
            Put(record with
            {
                IsCut = record.IsCut || isCut,
                Folded = record.Folded is { } f ? new FoldedEpisodes(f.Count + 1, Min(f.From, from), Max(f.To, to))
                    : new FoldedEpisodes(1, from, to),
            });
        }
    }

    /// <summary>
    /// The oldest first that are over, at last the oldest of all. Where devices are counted, every device that is concerned now is held by
    /// its newest episode, however many are: else the incident would end while those that were forgotten are not back.
    /// </summary>
    private List<HeldEpisode> Surplus()
    {
        if (_timing.Devices <= 1)
        {
            var max = _context.Subject.Kind is SubjectKind.Site or SubjectKind.Project ? IncidentLimits.MaxEpisodesOfMany
                : IncidentLimits.MaxEpisodes;
            return _episodes.Count <= max ? []
                : [.. _episodes.OrderBy(e => e.Lasts && e.End is null).ThenBy(e => e.Start).ThenBy(e => e.Id).Take(_episodes.Count - max)];
        }

        var any = Math.Clamp(2 * _timing.Devices, IncidentLimits.MaxEpisodesOfMany, IncidentLimits.MaxEpisodesOfDevices);
        if (_episodes.Count <= any)
            return [];
        var (surplus, heard, kept) = (new List<HeldEpisode>(), new HashSet<Guid>(), 0);
        foreach (var episode in _episodes.OrderByDescending(e => e.Start).ThenByDescending(e => e.Id))
        {
            var isNewest = heard.Add(episode.Device);
            if (kept < any || kept < IncidentLimits.MaxEpisodesOfDevices && isNewest && IsLive(episode))
                kept++;
            else
                surplus.Add(episode);
        }

        return surplus;
    }

    /// <summary>Whether the episode's device is concerned now.</summary>
    private bool IsLive(HeldEpisode episode)
    {
        var end = episode.End ?? (episode.Lasts ? DateTimeOffset.MaxValue : episode.Start);
        var over = episode.Lasts ? end : _timing.ResolveAfter is { } quiet ? EpisodeClusters.Plus(end, quiet) : DateTimeOffset.MaxValue;
        return over > Now || EpisodeClusters.Plus(episode.Start, _timing.Within) > Now;
    }

    /// <summary>
    /// An incident of which so many episodes are forgotten that the rest would make none: it is over, not taken back, and lives on in its
    /// row alone. The same where a changed rule knows it no longer.
    /// </summary>
    private void Release(IncidentRecord record, string? text)
    {
        if (record.View.Status != IncidentStatus.Resolved)
            record = Resolve(Show(record, record.View with { EndedAt = record.View.EndedAt ?? Now }), ItsOwn, text);
        Depart(record);
    }
}
