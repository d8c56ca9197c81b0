using System.Text;
using System.Text.Json.Serialization;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// What a notifier remembers. The stages change it in place; when the commit fails it is thrown away and read anew.
/// </summary>
internal sealed class NotifierState
{
    /// <summary>The highest format that this program reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>See <see cref="Common.StateFormat"/>.</summary>
    public int Format { get; set; } = CurrentFormat;

    /// <summary>Ids of the notices last taken.</summary>
    public KnownIds Known { get; set; } = new();

    /// <summary>Notices that are being gathered, by group.</summary>
    public SortedDictionary<string, NoticeGroup> Groups { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Messages that are neither delivered nor dead.</summary>
    public Dictionary<Guid, DeliveryState> Deliveries { get; set; } = [];

    /// <summary>Where the opening of an incident went, oldest first.</summary>
    public List<OpenedIncident> Opened { get; set; } = [];

    /// <summary>Notices that wait for the end of what mutes them, one for each incident and choice of channels.</summary>
    public List<HeldNotice> Held { get; set; } = [];

    /// <summary>What a newer program wrote beside.</summary>
    [JsonExtensionData]
    public Dictionary<string, object>? Unknown { get; set; }

    private int? _openedBytes;

    /// <summary>Whether anything is still to be done.</summary>
    [JsonIgnore]
    public bool IsBusy => Deliveries.Count > 0 || Held.Count > 0 || Groups.Values.Any(g => g.DueAt is not null);

    /// <summary>How many messages are on their way, by channel.</summary>
    public Dictionary<string, int> Load(IEnumerable<Guid> inFlight)
    {
        var load = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var id in inFlight)
        {
            if (Deliveries.TryGetValue(id, out var delivery) && delivery.Channel is { } channel)
                load[channel] = load.GetValueOrDefault(channel) + 1;
        }

        return load;
    }

    /// <summary>Whether one more message may wait for its channel: a dead one takes no room from the others.</summary>
    public bool HasRoomFor(DeliveryState one)
    {
        var (count, bytes, all) = (0, (long)one.Bytes, (long)one.Bytes);
        foreach (var waiting in Deliveries.Values)
        {
            all += waiting.Bytes;
            if (waiting.Channel == one.Channel)
                (count, bytes) = (count + 1, bytes + waiting.Bytes);
        }

        return Deliveries.Count < NotificationLimits.WaitingDeliveries && count < NotificationLimits.WaitingOfChannel
            && bytes <= NotificationLimits.WaitingBytesOfChannel && all <= NotificationLimits.WaitingBytes;
    }

    /// <summary>Where the opening of an incident went, or null.</summary>
    public OpenedIncident? OpeningOf(Guid incidentId) => Opened.FindLast(o => o.IncidentId == incidentId);

    /// <summary>Remembers that the opening of an incident went to these targets too; what is too old or too much is forgotten.</summary>
    public void Remember(Guid incidentId, ImmutableArray<string> targets)
    {
        var bytes = _openedBytes ?? Opened.Sum(o => o.Bytes);
        if (OpeningOf(incidentId) is { } known)
        {
            Opened.Remove(known);
            bytes -= known.Bytes;
            targets = [.. known.Targets.Union(targets)];
        }

        var opened = new OpenedIncident(incidentId, targets);
        Opened.Add(opened);
        bytes += opened.Bytes;
        while (Opened.Count > NotificationLimits.OpenedIncidents || (bytes > NotificationLimits.OpenedBytes && Opened.Count > 1))
        {
            bytes -= Opened[0].Bytes;
            Opened.RemoveAt(0);
        }

        _openedBytes = bytes;
    }
}

/// <summary>Where the opening of an incident went.</summary>
/// <param name="Targets">Keys of <see cref="Target"/>s.</param>
internal sealed record OpenedIncident(Guid IncidentId, ImmutableArray<string> Targets)
{
    private const int FixedBytes = 80;

    /// <summary>What it takes in the state, about.</summary>
    [JsonIgnore]
    public int Bytes { get; } = FixedBytes + Targets.Sum(target => target.Length + 3);
}

/// <summary>Notices of one group key and one choice of channels.</summary>
internal sealed class NoticeGroup
{
    /// <summary>The kinds of channels asked for; empty: the recipient's own.</summary>
    public ImmutableArray<string> Via { get; set; } = [];

    /// <summary>When its message is made; null while nothing waits.</summary>
    public DateTimeOffset? DueAt { get; set; }

    /// <summary>When its last message was made.</summary>
    public DateTimeOffset? SentAt { get; set; }

    /// <summary>The gravest, in full.</summary>
    public List<Notice> Shown { get; set; } = [];

    /// <summary>The next, by name; they are among <see cref="Omitted"/>.</summary>
    public List<DeliveryNotice> Named { get; set; } = [];

    /// <summary>When the first of the incidents began; null while nothing waits.</summary>
    public DateTimeOffset? Since { get; set; }

    /// <summary>Incidents of the others that opened.</summary>
    public List<Guid> OmittedOpenings { get; set; } = [];

    /// <summary>How many are not shown in full.</summary>
    public int Omitted { get; set; }
}

/// <summary>A message with all that its sending needs.</summary>
internal sealed record DeliveryState(
    Guid Id,
    string Recipient,
    string? Person,
    string? Channel,
    string? Kind,
    string? To,
    string Subject,
    string Text,
    string Payload,
    string Severity,
    ImmutableArray<DeliveryNotice> Notices,
    int Total,
    string? TemplateFault,
    DateTimeOffset CreatedAt,
    DateTimeOffset? NextAt,
    DeliveryIncident? Incident)
{
    /// <summary>What its notices and fixed fields take, about.</summary>
    private const int FixedBytes = 1_024;

    private const int NoticeBytes = 400;

    public DeliveryStatus Status { get; init; } = DeliveryStatus.Pending;

    /// <summary>What it takes in the state, about.</summary>
    [JsonIgnore]
    public int Bytes { get; } = FixedBytes + (NoticeBytes * Notices.Length) + Encoding.UTF8.GetByteCount(Subject)
        + Encoding.UTF8.GetByteCount(Text) + Encoding.UTF8.GetByteCount(Payload);

    public int Attempts { get; init; }

    /// <summary>Attempts in a row at which the target refused the channel itself.</summary>
    public int Refusals { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public string? Reason { get; init; }

    public string? Detail { get; init; }

    /// <summary>When it first became possible to send it: its age counts from then.</summary>
    public DateTimeOffset? SendableFrom { get; init; }

    /// <summary>Of one that had nowhere to go: who was behind the recipient and could not be reached.</summary>
    public ImmutableArray<DeliveryAddressee>? MeantFor { get; init; }

    /// <summary>Of one that had nowhere to go: what it was made of, so that it can be worded anew for the ways there are later.</summary>
    public DueGroup? Meant { get; init; }

    /// <summary>As its readers see it.</summary>
    public Delivery ToView() => new(
        Id, Recipient, Person, Channel, Kind, To is "" ? null : To, Status, Reason, Detail, Attempts, CreatedAt,
        Status == DeliveryStatus.Pending ? NextAt : null, FinishedAt, Subject, Text, TemplateFault, Total, Notices, MeantFor);
}

/// <summary>The incident that a message tells of first.</summary>
internal sealed record DeliveryIncident(Guid Id, string RuleId, Guid? DeviceId, string? SiteId, string? AssetId);
