namespace EsoCore.Runtime.Clustering;

/// <summary>What follows from a read of the table: at most one change, which is made before the next read.</summary>
internal sealed partial class MembershipLogic
{
    private void OnRead(MembershipSnapshot snapshot, TimeSpan issuedAt, TimeSpan now)
    {
        _watch.Observe(snapshot, _self.Address, issuedAt, now);
        TimeSpan pace = _watch.HasSuspects ? _options.HeartbeatInterval / 4 : _options.HeartbeatInterval;
        _nextRead = Later(issuedAt + pace, now);

        Member? me = snapshot.Members.FirstOrDefault(member => member.Address.Equals(_self.Address));
        Learn(me?.Status, issuedAt);
        _isInTable |= me is not null;

        // The version of a table that was restored from a copy may be lower. Its members are not of this run, so without its row this one
        // is over, like one evicted. View and standing change as one: a leaving silo never owns a grain in its own view.
        if (!State.IsOver && snapshot.Version > State.View.Version) Set(new MembershipView(snapshot), StandingOf(me?.Status));
        if (State.IsOver) return;

        _followUp = OwnStep(snapshot, me, issuedAt, now) ?? Eviction(snapshot, me, issuedAt) ?? CleanUp();
        if (_followUp is null) _quickReads = 0;
    }

    /// <summary>
    /// Takes in what the table said of this member in answer to a statement of that time. What was asked before the process stood still
    /// says nothing about what the others did meanwhile.
    /// </summary>
    private void Learn(MemberStatus? status, TimeSpan issuedAt)
    {
        if (status is null && _isInTable) Set(standing: SiloStanding.Evicted);
        else if (status == MemberStatus.Dead) Set(standing: _leaveFinished ? SiloStanding.Left : SiloStanding.Evicted);
        else if (State.Standing == SiloStanding.Unconfirmed && issuedAt >= _wokeAt) Set(standing: SiloStanding.Serving);
    }

    private SiloStanding StandingOf(MemberStatus? status) => status switch
    {
        MemberStatus.Leaving => SiloStanding.Leaving,
        MemberStatus.Active => State.Standing == SiloStanding.Unconfirmed ? SiloStanding.Unconfirmed : SiloStanding.Serving,
        _ => SiloStanding.Joining,
    };

    /// <summary>The next step of this member's own life.</summary>
    private TableRequest? OwnStep(MembershipSnapshot snapshot, Member? me, TimeSpan issuedAt, TimeSpan now)
    {
        switch (me?.Status)
        {
            case null when _leaveAsked:
                Set(standing: SiloStanding.Left);
                return null;
            case null:
                Member? stranger = snapshot.Members.FirstOrDefault(member => member.IsLive && !member.Program.Understands(_self.Program));
                Problem = stranger is { } other
                    ? $"{other.Address} runs {other.Program} and this silo {_self.Program}: they have no message format in common."
                    : null;
                return Problem is null ? new InsertRequest(default, _self) : null;
            case MemberStatus.Joining when _leaveAsked:
                _leaveFinished = true;
                return OwnChange(snapshot, MemberStatus.Joining, MemberStatus.Dead);
            case MemberStatus.Joining when _listenerIsUp && IsInTouch(snapshot, issuedAt):
                return OwnChange(snapshot, MemberStatus.Joining, MemberStatus.Active);
            case MemberStatus.Active when _leaveAsked:
                return OwnChange(snapshot, MemberStatus.Active, MemberStatus.Leaving);
            case MemberStatus.Leaving when now - (_leavingSince ??= now) >= _options.HandOverTime && _leaveFinished:
                return OwnChange(snapshot, MemberStatus.Leaving, MemberStatus.Dead);
            default:
                return null;
        }
    }

    /// <summary>
    /// Whether it has a link to an active silo, or there is none that shows life: the first of all, and the first after a crash of all,
    /// start alone. One that knows the table but reaches nobody would be given grains that nobody could call. Those who start at once
    /// cannot pass each other by, since the change is made only if no other was made after this read.
    /// </summary>
    private bool IsInTouch(MembershipSnapshot snapshot, TimeSpan issuedAt)
    {
        if (!_needsLink) return true;
        Member[] active =
        [
            .. snapshot.Members.Where(member =>
                member.Status == MemberStatus.Active && !member.Address.HasEndpointOf(_self.Address)
                && !_watch.IsSilent(member.Address, issuedAt)),
        ];
        return active.Length == 0 || active.Any(member => _linked.Contains(member.Address));
    }

    private ChangeRequest OwnChange(MembershipSnapshot snapshot, MemberStatus from, MemberStatus to) =>
        new(default, new StatusChange(_self.Address, from, to, snapshot.Version, Heartbeat: null));

    /// <summary>One at a time: the change that follows is decided on a fresh read.</summary>
    private TableRequest? Eviction(MembershipSnapshot snapshot, Member? me, TimeSpan issuedAt)
    {
        if (me?.Status != MemberStatus.Active || State.Standing != SiloStanding.Serving) return null;

        // Whatever started before at this endpoint is gone: this process holds the port.
        foreach (Member member in snapshot.Members)
        {
            if (member.IsLive && member.Address.HasEndpointOf(_self.Address) && member.Address != _self.Address)
                _watch.Suspect(member.Address, issuedAt);
        }

        return snapshot.Members.FirstOrDefault(member => member.IsLive && _watch.IsSilent(member.Address, issuedAt)) is { } silent
            ? new ChangeRequest(
                default, new StatusChange(silent.Address, silent.Status, MemberStatus.Dead, snapshot.Version, silent.Heartbeat))
            : null;
    }

    private TableRequest? CleanUp()
    {
        if (!_deleteDue) return null;
        _deleteDue = false;
        return new DeleteDeadRequest(default, _options.KeepDeadFor, DeleteLimit);
    }
}
