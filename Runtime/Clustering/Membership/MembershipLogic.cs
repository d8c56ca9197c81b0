namespace EsoCore.Runtime.Clustering;

/// <summary>
/// What a member does and when, without doing it: it asks for statements and is told what came of them, so that the same code runs over
/// PostgreSQL and in a simulation. It knows no clock but the times that it is given, which never go back. Not safe for several threads.
/// </summary>
internal sealed partial class MembershipLogic
{
    /// <summary>Reads that follow a change at once, without keeping to the pace; then it keeps to it once.</summary>
    private const int MaxQuickReads = 16;

    /// <summary>Dead rows that one statement deletes.</summary>
    private const int DeleteLimit = 100;

    private readonly MembershipOptions _options;
    private readonly Member _self;
    private readonly SilenceWatch _watch;

    private TimeSpan _lastTick;
    private TimeSpan _wokeAt;
    private bool _beatUnderWay;
    private bool _watchUnderWay;
    private TimeSpan _nextBeat;
    private TimeSpan _nextRead;
    private TimeSpan _lastRead = TimeSpan.MinValue;
    private int _quickReads;
    private TableRequest? _followUp;
    private bool _isInTable;
    private bool _listenerIsUp;
    private readonly HashSet<SiloAddress> _linked = [];
    private readonly bool _needsLink;
    private bool _leaveAsked;
    private bool _leaveFinished;
    private TimeSpan? _leavingSince;
    private bool _deleteDue;

    /// <param name="self">The member, as it is to be in the table.</param>
    /// <param name="options">How members watch each other.</param>
    /// <param name="now">The time.</param>
    /// <param name="needsLink">Whether it becomes an owner of grains only with a link to an active silo, if one shows life.</param>
    /// <param name="ignoresGaps">Test hook.</param>
    public MembershipLogic(Member self, MembershipOptions options, TimeSpan now, bool needsLink = false, bool ignoresGaps = false)
    {
        _needsLink = needsLink;
        _self = self with { Status = MemberStatus.Joining, Heartbeat = 0 };
        _options = options;
        _watch = new SilenceWatch(options) { IgnoresGaps = ignoresGaps };
        _lastTick = _nextBeat = _nextRead = now;
        State = new ClusterState(MembershipView.Empty, self.Address, SiloStanding.Joining, HasDatabase: false);
    }

    /// <summary>How things stand; replaced whenever anything in it changes.</summary>
    public ClusterState State { get; private set; }

    /// <summary>Why it cannot join, in a sentence; null if nothing speaks against it.</summary>
    public string? Problem { get; private set; }

    /// <summary>When <see cref="Next"/> is to be asked again; <see cref="TimeSpan.MaxValue"/>: not before something else happens.</summary>
    public TimeSpan DueAt(Lane lane)
    {
        if (State.IsOver) return TimeSpan.MaxValue;
        if (lane == Lane.Beat) return _beatUnderWay || !_isInTable ? TimeSpan.MaxValue : _nextBeat;
        if (_watchUnderWay) return TimeSpan.MaxValue;
        return _followUp is null ? _nextRead : TimeSpan.Zero;
    }

    /// <summary>
    /// Notes that the process is running. If it stood still for as long as it takes to be evicted, it serves nothing until it knows better.
    /// </summary>
    public void Tick(TimeSpan now)
    {
        if (now - _lastTick >= _options.EvictAfter)
        {
            _wokeAt = _nextBeat = _nextRead = now;
            _followUp = null;
            if (State.Standing == SiloStanding.Serving) Set(standing: SiloStanding.Unconfirmed);
        }

        _lastTick = now;
    }

    /// <summary>The statement to make now, if any; each that is handed out is answered by one <see cref="Complete"/>.</summary>
    public TableRequest? Next(Lane lane, TimeSpan now)
    {
        Tick(now);
        if (DueAt(lane) > now) return null;
        if (lane == Lane.Beat)
        {
            _beatUnderWay = true;
            _nextBeat = now + _options.HeartbeatInterval;
            return new BeatRequest(now, _self.Address);
        }

        _watchUnderWay = true;
        if (_followUp is { } followUp)
        {
            _followUp = null;
            return followUp with { IssuedAt = now };
        }

        _lastRead = now;
        return new ReadRequest(now);
    }

    /// <summary>Takes in what came of a statement.</summary>
    public void Complete(TableRequest request, TableReply reply, TimeSpan now)
    {
        Tick(now);
        if (request is BeatRequest) _beatUnderWay = false;
        else _watchUnderWay = false;
        if (State.IsOver) return;
        if (reply is NoReply)
        {
            _watch.Reset();

            // A heartbeat that failed is late already; it is made up for before somebody takes it for silence.
            if (request is BeatRequest) _nextBeat = Later(request.IssuedAt + _options.HeartbeatInterval / 4, now);
            else _nextRead = Later(request.IssuedAt + _options.HeartbeatInterval, now);
            Set(hasDatabase: false);
            return;
        }

        Set(hasDatabase: true);
        switch (reply)
        {
            case BeatReply beat:
                Learn(beat.Status, request.IssuedAt);
                break;
            case ReadReply read:
                OnRead(read.Snapshot, request.IssuedAt, now);
                break;
            case InsertReply insert:
                _isInTable |= insert.Outcome == InsertOutcome.Inserted;
                Problem = insert.Outcome == InsertOutcome.Full
                    ? $"The cluster has {IMembershipTable.MaxLiveMembers} members already."
                    : null;
                ReadAgain(now, insert.Outcome == InsertOutcome.Inserted);
                break;
            case ChangeReply change:
                _deleteDue |= change.Changed;
                ReadAgain(now, quick: true);
                break;
            case DeleteDeadReply:
                ReadAgain(now, quick: false);
                break;
        }
    }

    /// <summary>This silo can be called: it may become an owner of grains.</summary>
    public void ListenerIsUp(TimeSpan now)
    {
        _listenerIsUp = true;
        ReadSoon(now);
    }

    /// <summary>This silo has a link to that one.</summary>
    public void Linked(SiloAddress silo, TimeSpan now)
    {
        if (State.Standing == SiloStanding.Joining && _linked.Add(silo)) ReadSoon(now);
    }

    /// <summary>It cannot go on: it ends as one that was evicted does, and the others find it silent.</summary>
    public void GiveUp() => Set(standing: SiloStanding.Evicted);

    /// <summary>A planned shutdown begins: hand all grains to the others.</summary>
    public void Leave(TimeSpan now)
    {
        _leaveAsked = true;
        ReadSoon(now);
    }

    /// <summary>
    /// What was begun here is finished; the member may end. It stays as long as the others may need to learn that it leaves, and forwards
    /// the calls of those that have not.
    /// </summary>
    public void FinishLeaving(TimeSpan now)
    {
        _leaveAsked = _leaveFinished = true;
        ReadSoon(now);
    }

    /// <inheritdoc cref="IMembership.NoticeVersion"/>
    public void NoticeVersion(long version, TimeSpan now)
    {
        if (version > State.View.Version) ReadSoon(now);
    }

    /// <inheritdoc cref="IMembership.ReportUnreachable"/>
    public void ReportUnreachable(SiloAddress silo, TimeSpan now)
    {
        if (_watch.Suspect(silo, now)) ReadSoon(now);
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    /// <summary>Reads before its time, but not more than eight times as often, however often it is asked for.</summary>
    private void ReadSoon(TimeSpan now)
    {
        TimeSpan soon = _lastRead == TimeSpan.MinValue ? now : Later(_lastRead + _options.HeartbeatInterval / 8, now);
        if (soon < _nextRead) _nextRead = soon;
    }

    private void ReadAgain(TimeSpan now, bool quick)
    {
        bool isQuick = quick && ++_quickReads <= MaxQuickReads;
        if (!isQuick) _quickReads = 0;
        _nextRead = isQuick ? now : now + _options.HeartbeatInterval;
    }

    private void Set(MembershipView? view = null, SiloStanding? standing = null, bool? hasDatabase = null)
    {
        var next = new ClusterState(
            view ?? State.View, _self.Address, standing ?? State.Standing, hasDatabase ?? State.HasDatabase);
        if (next != State) State = next;
    }
}
