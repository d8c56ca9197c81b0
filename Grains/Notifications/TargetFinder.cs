using EsoCore.Escalation;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Finds the addresses behind a recipient. What is missing or disabled is passed over.</summary>
internal sealed class TargetFinder(
    NotificationBook book, IReadOnlyDictionary<string, OnCallNow> onCall, bool hasInstallationMail)
{
    /// <summary>Kinds of channels that reach people, the preferred one first.</summary>
    private static readonly ImmutableArray<string> PersonKinds =
        [ChannelKinds.Email, ChannelKinds.Sms, ChannelKinds.Slack, ChannelKinds.Teams];

    private readonly Dictionary<string, Target> _found = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _faults = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, DeliveryAddressee> _missed = new(StringComparer.Ordinal);
    private bool _sawSomebody;
    private bool _isStandIn;

    /// <summary>The recipient that stands in when another leads nowhere.</summary>
    public const string LastResort = $"team:{BuiltInTeams.Owner}";

    /// <summary>Schedules that led to nobody, and why.</summary>
    public IReadOnlyDictionary<string, string> Faults => _faults;

    /// <summary>Who is behind the recipient and has no address that a channel in use leads to; whoever stands in for it left out.</summary>
    public ImmutableArray<DeliveryAddressee> Missed => [.. _missed.Values.Take(NotificationLimits.Targets)];

    /// <summary>
    /// The addresses, or why there are none (<c>no_recipient</c>, <c>no_channel</c>). Channels of the kinds asked for come first, and
    /// with them those that stand in a team by name; when the recipient has none of these kinds, any will do; when it has none at all, the
    /// project's owner is told. The owner is also told beside the others when a schedule leads to nobody: somebody is missing among them.
    /// </summary>
    public (ImmutableArray<Target> Targets, string? Reason) Find(string recipient, ImmutableArray<string> via)
    {
        ImmutableArray<string> any = [];
        var isOwner = false;
        foreach (var (who, kinds) in new[] { (recipient, via), (recipient, any), (LastResort, via), (LastResort, any) })
        {
            _isStandIn = who != recipient;
            Add(who, kinds);
            isOwner = who == LastResort;
            if (_found.Count > 0)
                break;
        }

        if (_found.Count == 0)
            return ([], _sawSomebody ? "no_channel" : "no_recipient");
        if (!isOwner)
            AddNamedChannels(recipient);
        if (_faults.Count > 0 && !isOwner)
            AddOwner(via);
        return ([.. _found.Values.Take(NotificationLimits.Targets)], null);
    }

    /// <summary>
    /// The kinds asked for choose among the addresses of people; a channel that stands in a team by its name is meant whatever they are. It
    /// does not count before: people are not to be passed over because it is there.
    /// </summary>
    private void AddNamedChannels(string recipient)
    {
        if (Part(recipient) is not ("team", var id) || !book.Teams.TryGetValue(id, out var team))
            return;
        foreach (var (kind, channel) in team.Members.Take(TeamDefinition.MaxMembers).Select(Part))
        {
            if (kind == "channel")
                AddChannel(channel, [], isDirect: true);
        }
    }

    private void AddOwner(ImmutableArray<string> via)
    {
        var others = _found.Count;
        Add(LastResort, via);
        if (_found.Count == others)
            Add(LastResort, []);
    }

    /// <summary>Ids of the schedules that a recipient (or its stand-in) can lead to.</summary>
    public static IEnumerable<string> SchedulesOf(string recipient, NotificationBook book) =>
        new[] { recipient, LastResort }
            .SelectMany(r => Part(r) is ("team", var id) && book.Teams.TryGetValue(id, out var team) ? team.Members : [r])
            .Select(Part).Where(p => p.Kind == "schedule").Select(p => p.Id).Distinct(StringComparer.Ordinal);

    private void Add(string recipient, ImmutableArray<string> via)
    {
        var (kind, id) = Part(recipient);
        if (kind != "team")
            AddMember(recipient, via, isDirect: true);
        else if (book.Teams.TryGetValue(id, out var team))
        {
            var kinds = via.IsEmpty ? team.Via : via;
            foreach (var member in team.Members.Take(TeamDefinition.MaxMembers))
                AddMember(member, kinds, isDirect: false);
            if (!string.IsNullOrEmpty(team.ContactEmail) && !AddMail(null, team.ContactEmail, null))
                Miss(recipient, team.Name);
        }
    }

    private void AddMember(string member, ImmutableArray<string> kinds, bool isDirect)
    {
        var (kind, id) = Part(member);
        if (kind == "person")
            AddPerson(id, kinds);
        else if (kind == "channel")
            AddChannel(id, kinds, isDirect);
        else if (kind == "schedule")
            AddSchedule(id, kinds);
    }

    private void AddSchedule(string id, ImmutableArray<string> kinds)
    {
        var now = onCall.GetValueOrDefault(id) ?? OnCallNow.Failed("it was not asked");
        var known = now.People.Select(Part).Where(p => p.Kind == "person" && book.People.ContainsKey(p.Id)).ToList();
        if (known.Count == 0)
            _faults[id] = now.Fault
                ?? (now.People.IsEmpty ? "nobody is on duty" : $"{string.Join(", ", now.People)}: there is no such person");
        foreach (var person in known)
            AddPerson(person.Id, kinds, now.Quiet);
    }

    private void AddPerson(string id, ImmutableArray<string> kinds, QuietHours? duty = null)
    {
        if (!book.People.TryGetValue(id, out var person))
            return;
        _sawSomebody = true;
        var asked = kinds.Where(k => PersonKinds.Contains(k)).ToList();
        var isTold = false;
        foreach (var kind in asked.Count > 0 ? asked : [.. PersonKinds])
        {
            isTold |= AddPerson(id, person, kind, duty);
            if (isTold && asked.Count == 0)
                return;
        }

        if (!isTold)
            Miss($"person:{id}", person.Name);
    }

    private void Miss(string id, string name)
    {
        if (!_isStandIn)
            _missed[id] = new DeliveryAddressee(id, name);
    }

    private bool AddPerson(string id, PersonDefinition person, string kind, QuietHours? duty)
    {
        var address = kind switch
        {
            ChannelKinds.Email => person.Email,
            ChannelKinds.Sms => person.Phone,
            ChannelKinds.Slack => person.Slack,
            _ => person.Teams,
        };
        if (string.IsNullOrEmpty(address))
            return false;
        if (kind == ChannelKinds.Email)
            return AddMail(id, address, person.QuietHours, duty);
        return book.FirstOf(kind) is var (channel, _) && Add(new Target(id, channel, kind, address, person.QuietHours, duty));
    }

    private bool AddMail(string? person, string address, PersonQuietHours? quiet, QuietHours? duty = null)
    {
        _sawSomebody = true;
        var channel = book.FirstOf(ChannelKinds.Email)?.Id ?? (hasInstallationMail ? ChannelSenders.InstallationMail : null);
        return channel is not null && Add(new Target(person, channel, ChannelKinds.Email, address, quiet, duty));
    }

    private void AddChannel(string id, ImmutableArray<string> kinds, bool isDirect)
    {
        if (!book.Channels.TryGetValue(id, out var stored))
            return;
        _sawSomebody = true;
        var channel = stored.Definition;
        if (!channel.Enabled)
            Miss($"channel:{id}", channel.Name);
        if (!channel.Enabled || (!isDirect && !kinds.IsEmpty && !kinds.Contains(channel.Kind)))
            return;
        if (channel.Kind is not (ChannelKinds.Email or ChannelKinds.Sms))
            Add(new Target(null, id, channel.Kind, "", null));
        else
            foreach (var to in channel.Settings.To)
                Add(new Target(null, id, channel.Kind, to, null));
    }

    private bool Add(Target target)
    {
        // Who is named beside the schedule as well does not wait for its quiet hours.
        if (!_found.TryAdd(target.Key, target) && target.Duty is null)
            _found[target.Key] = target;
        return true;
    }

    private static (string Kind, string Id) Part(string recipient)
    {
        var colon = recipient.IndexOf(':');
        return colon < 0 ? ("", recipient) : (recipient[..colon], recipient[(colon + 1)..]);
    }
}
