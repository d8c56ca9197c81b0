using EsoCore.Grains.Common;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// One turn of a notifier as its stages see it: what came in, the state they change, what the commit is to write, and what is to be sent
/// after it. Everything they need was read before, so stages are pure functions of it.
/// </summary>
internal sealed class NotifierTurn
{
    public required Guid ProjectId { get; init; }

    /// <summary>Whom this notifier tells, e.g. <c>team:safety</c>.</summary>
    public required string Recipient { get; init; }

    public required DateTimeOffset Now { get; init; }

    public required NotifierState State { get; init; }

    public required NotificationBook Book { get; init; }

    public required NotificationOptions Options { get; init; }

    /// <summary>Whether the installation has a mail server of its own.</summary>
    public bool HasInstallationMail { get; init; }

    /// <summary>The devices of the notices, where they are known.</summary>
    public IReadOnlyDictionary<Guid, DeviceFacts> Devices { get; init; } = ImmutableDictionary<Guid, DeviceFacts>.Empty;

    /// <summary>Who is on call, by schedule id; only schedules that this recipient needs now.</summary>
    public IReadOnlyDictionary<string, OnCallNow> OnCall { get; init; } = ImmutableDictionary<string, OnCallNow>.Empty;

    /// <summary>Messages on their way since before.</summary>
    public IReadOnlySet<Guid> InFlight { get; init; } = ImmutableHashSet<Guid>.Empty;

    /// <summary>Notices that came in; stages take from it what goes no further.</summary>
    public List<Notice> Arrived { get; init; } = [];

    /// <summary>How messages fared.</summary>
    public List<SendReport> Reports { get; init; } = [];

    /// <summary>Dead deliveries that are to be sent again.</summary>
    public List<Revival> Revived { get; init; } = [];

    /// <summary>Incidents of due held notices that are over, or that people put aside, by their rows.</summary>
    public IReadOnlySet<Guid> Over { get; init; } = ImmutableHashSet<Guid>.Empty;

    /// <summary>Incidents of due held notices that are, by their rows, consequences of one that goes on.</summary>
    public IReadOnlySet<Guid> HeldBack { get; init; } = ImmutableHashSet<Guid>.Empty;

    /// <summary>Groups whose time has come.</summary>
    public List<DueGroup> Due { get; } = [];

    /// <summary>Who is told what.</summary>
    public List<AddressedMessage> Addressed { get; } = [];

    /// <summary>Deliveries that were made or changed, as they now are.</summary>
    public Dictionary<Guid, DeliveryState> Changed { get; } = [];

    /// <summary>To be sent once this turn is committed.</summary>
    public List<DeliveryState> ToSend { get; } = [];

    /// <summary>To be written with the state.</summary>
    public List<WorkItem> Items { get; } = [];

    /// <summary>To be written with the state.</summary>
    public List<LogEntry> Log { get; } = [];

    /// <summary>Whether the state itself changed, so that it must be written.</summary>
    public bool HasChanged { get; set; }

    /// <summary>Puts a delivery into the state and into what the record writes.</summary>
    public void Set(DeliveryState delivery)
    {
        Changed[delivery.Id] = delivery;
        if (delivery.Status == DeliveryStatus.Pending)
            State.Deliveries[delivery.Id] = delivery;
        else
            State.Deliveries.Remove(delivery.Id);
        HasChanged = true;
    }

    /// <summary>Adds a line to the audit trail.</summary>
    /// <param name="what">Tells lines of one action about one notice from each other.</param>
    public void Tell(string action, Notice notice, object body, string what = "") => Log.Add(new LogEntry(
        StableId.Of(action, notice.Id.ToString("D"), Recipient, what), Now, "system", action, notice.Incident.Id,
        notice.Incident.Source.DeviceId == Guid.Empty ? null : notice.Incident.Source.DeviceId, NotificationJson.Write(body)));
}

/// <summary>How a message fared.</summary>
internal sealed record SendReport(Guid DeliveryId, SendResult Result);

/// <summary>A dead delivery that somebody wants sent again.</summary>
internal sealed record Revival(DeliveryState Delivery, string Actor);

/// <summary>A group whose time has come; it is stored with a message that had nowhere to go.</summary>
/// <param name="Notices">Those shown in full, the gravest first.</param>
/// <param name="Omitted">How many more there are.</param>
/// <param name="OmittedOpenings">The incidents among those that opened.</param>
/// <param name="Named">As many of those as are known by name, the gravest first.</param>
/// <param name="Query">The call that lists the incidents.</param>
internal sealed record DueGroup(
    ImmutableArray<string> Via, ImmutableArray<Notice> Notices, int Omitted, ImmutableArray<Guid> OmittedOpenings,
    ImmutableArray<DeliveryNotice> Named, string Query);

/// <summary>Somebody is told something.</summary>
/// <param name="Target">Where to; null: there is nowhere.</param>
/// <param name="Reason">Why there is nowhere.</param>
/// <param name="Omitted">How many notices there are beside those in full.</param>
/// <param name="Named">As many of those as are known by name, the gravest first.</param>
/// <param name="Query">The call that lists the incidents.</param>
internal sealed record AddressedMessage(
    Target? Target, string? Reason, ImmutableArray<Notice> Notices, int Omitted, ImmutableArray<DeliveryNotice> Named, string Query)
{
    /// <summary>Of one that has nowhere to go: who could not be reached.</summary>
    public ImmutableArray<DeliveryAddressee> Missed { get; init; } = [];

    /// <summary>Of one that has nowhere to go: the group that it is made of.</summary>
    public DueGroup? Meant { get; init; }

    /// <summary>Of one that is addressed anew: its id; null: it follows from what the message is.</summary>
    public Guid? Id { get; init; }

    /// <summary>Of one that is addressed anew: when it was made first.</summary>
    public DateTimeOffset? MadeAt { get; init; }
}

/// <summary>One step of the pipeline.</summary>
internal interface INotifierStage
{
    /// <summary>Takes its part of the turn.</summary>
    void Run(NotifierTurn turn);
}
