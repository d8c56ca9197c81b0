namespace EsoCore.Runtime.Clustering;

/// <summary>
/// Judges the others by one thing only: whether their counters progressed over this process's own regular reads, on its own clock. After a
/// gap (this process stood still, or the table was away, and then the others could not raise their counters either) all that was seen
/// before is forgotten, and nobody is judged until a whole interval of regular reads has passed.
/// </summary>
internal sealed class SilenceWatch(MembershipOptions options)
{
    private readonly Dictionary<SiloAddress, Seen> _seen = [];
    private TimeSpan _regularSince;
    private TimeSpan? _lastRead;
    private TimeSpan _lastIssuedAt;

    /// <summary>Test hook: what happens when the rule above is left out.</summary>
    internal bool IgnoresGaps { get; init; }

    /// <summary>Whether a member was reported that has not shown life since.</summary>
    public bool HasSuspects { get; private set; }

    /// <summary>A statement failed: the table may be away for the others as well.</summary>
    public void Reset()
    {
        if (!IgnoresGaps) _lastRead = null;
    }

    /// <summary>Takes in a read. Members that are dead or gone are forgotten.</summary>
    /// <param name="issuedAt">Counters are at least as new as this.</param>
    /// <param name="now">And at most as new as this.</param>
    public void Observe(MembershipSnapshot snapshot, SiloAddress self, TimeSpan issuedAt, TimeSpan now)
    {
        bool isRegular = _lastRead is { } last && issuedAt - last <= options.MaxReadGap && now - issuedAt <= options.MaxReadGap;
        if (!isRegular && (!IgnoresGaps || _lastRead is null))
        {
            _regularSince = now;
            foreach (Seen seen in _seen.Values) seen.ProgressAt = now;
        }

        _lastRead = now;
        var live = new HashSet<SiloAddress>();
        foreach (Member member in snapshot.Members)
        {
            if (!member.IsLive || member.Address.Equals(self)) continue;
            live.Add(member.Address);
            if (!_seen.TryGetValue(member.Address, out Seen? seen))
            {
                _seen.Add(member.Address, new Seen { Heartbeat = member.Heartbeat, ProgressAt = now });
            }
            else if (seen.Heartbeat != member.Heartbeat)
            {
                (seen.Heartbeat, seen.ProgressAt) = (member.Heartbeat, now);

                // Only progress since a read that was made after the report disproves it; what is first seen now may have been before.
                if (seen.ReportedAt < _lastIssuedAt) seen.ReportedAt = null;
            }
        }

        _lastIssuedAt = issuedAt;
        foreach (SiloAddress gone in _seen.Keys.Where(address => !live.Contains(address)).ToList()) _seen.Remove(gone);
        HasSuspects = _seen.Values.Any(seen => seen.ReportedAt is not null);
    }

    /// <summary>A member cannot be reached; unknown ones are left alone. True if that is news.</summary>
    public bool Suspect(SiloAddress silo, TimeSpan now)
    {
        if (!_seen.TryGetValue(silo, out Seen? seen)) return false;
        bool isNews = seen.ReportedAt is null;
        seen.ReportedAt ??= now;
        HasSuspects = true;
        return isNews;
    }

    /// <summary>
    /// Whether a member's counter stood still for too long, up to a read issued at that time. Between the read that first saw the counter
    /// and this one lies at least as much time, so the member was silent at least as long.
    /// </summary>
    public bool IsSilent(SiloAddress silo, TimeSpan issuedAt)
    {
        if (!_seen.TryGetValue(silo, out Seen? seen) || issuedAt - _regularSince < options.EvictAfter) return false;
        return issuedAt - seen.ProgressAt >= (seen.ReportedAt is null ? options.EvictAfter : options.EvictUnreachableAfter);
    }

    private sealed class Seen
    {
        public long Heartbeat { get; set; }

        public TimeSpan ProgressAt { get; set; }

        public TimeSpan? ReportedAt { get; set; }
    }
}
