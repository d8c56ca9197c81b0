using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Finds the addresses behind a recipient. What is missing or disabled is passed over.</summary>
internal sealed class TargetFinder(
    NotificationBook book, IReadOnlyDictionary<string, ImmutableArray<string>> onCall, bool hasInstallationMail)
{
    /// <summary>Kinds of channels that reach people, the preferred one first.</summary>
    private static readonly ImmutableArray<string> PersonKinds =
        [ChannelKinds.Email, ChannelKinds.Sms, ChannelKinds.Slack, ChannelKinds.Teams];

    private readonly Dictionary<string, Target> _found = new(StringComparer.Ordinal);
    private bool _sawSomebody;

    /// <summary>The recipient that stands in when another leads nowhere.</summary>
    public const string LastResort = $"team:{BuiltInTeams.Owner}";

    /// <summary>
    /// The addresses, or why there are none (<c>no_recipient</c>, <c>no_channel</c>). Channels of the kinds asked for come first; when
    /// the recipient has none of them, any will do; when it has none at all, the project's owner is told.
    /// </summary>
    public (ImmutableArray<Target> Targets, string? Reason) Find(string recipient, ImmutableArray<string> via)
    {
        ImmutableArray<string> any = [];
        foreach (var (who, kinds) in new[] { (recipient, via), (recipient, any), (LastResort, via), (LastResort, any) })
        {
            Add(who, kinds);
            if (_found.Count > 0)
                return ([.. _found.Values.Take(NotificationLimits.Targets)], null);
        }

        return ([], _sawSomebody ? "no_channel" : "no_recipient");
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
            if (!string.IsNullOrEmpty(team.ContactEmail))
                AddMail(null, team.ContactEmail, null);
        }
    }

    private void AddMember(string member, ImmutableArray<string> kinds, bool isDirect)
    {
        var (kind, id) = Part(member);
        if (kind == "person")
            AddPerson(id, kinds);
        else if (kind == "channel")
            AddChannel(id, kinds, isDirect);
        else if (kind == "schedule" && onCall.TryGetValue(id, out var people))
        {
            foreach (var person in people.Select(Part).Where(p => p.Kind == "person"))
                AddPerson(person.Id, kinds);
        }
    }

    private void AddPerson(string id, ImmutableArray<string> kinds)
    {
        if (!book.People.TryGetValue(id, out var person))
            return;
        _sawSomebody = true;
        var asked = kinds.Where(k => PersonKinds.Contains(k)).ToList();
        var isTold = false;
        foreach (var kind in asked.Count > 0 ? asked : [.. PersonKinds])
        {
            isTold |= AddPerson(id, person, kind);
            if (isTold && asked.Count == 0)
                return;
        }
    }

    private bool AddPerson(string id, PersonDefinition person, string kind)
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
            return AddMail(id, address, person.QuietHours);
        return book.FirstOf(kind) is var (channel, _) && Add(new Target(id, channel, kind, address, person.QuietHours));
    }

    private bool AddMail(string? person, string address, PersonQuietHours? quiet)
    {
        _sawSomebody = true;
        var channel = book.FirstOf(ChannelKinds.Email)?.Id ?? (hasInstallationMail ? ChannelSenders.InstallationMail : null);
        return channel is not null && Add(new Target(person, channel, ChannelKinds.Email, address, quiet));
    }

    private void AddChannel(string id, ImmutableArray<string> kinds, bool isDirect)
    {
        if (!book.Channels.TryGetValue(id, out var stored))
            return;
        _sawSomebody = true;
        var channel = stored.Definition;
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
        _found.TryAdd(target.Key, target);
        return true;
    }

    private static (string Kind, string Id) Part(string recipient)
    {
        var colon = recipient.IndexOf(':');
        return colon < 0 ? ("", recipient) : (recipient[..colon], recipient[(colon + 1)..]);
    }
}
