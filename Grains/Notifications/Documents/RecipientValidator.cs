using System.Net.Mail;
using System.Text.RegularExpressions;
using EsoCore.Grains.Projects;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Checks people and teams. Every fault is named, not just the first.</summary>
internal static partial class RecipientValidator
{
    /// <summary>Characters of a mail address (RFC 5321).</summary>
    public const int MaxEmail = 254;

    /// <summary>What a member or recipient can be.</summary>
    public static ImmutableArray<string> MemberKinds { get; } = ["person", "schedule", "channel"];

    /// <summary>The faults of a person.</summary>
    public static List<FieldError> Person(string id, PersonDefinition person)
    {
        var errors = new List<FieldError>();
        TextRules.Id(errors, "id", id);
        TextRules.Required(errors, "name", person.Name);
        Email(errors, "email", person.Email);
        Phone(errors, "phone", person.Phone);
        if (person.Slack is { } slack && !SlackMember().IsMatch(slack))
            errors.Add(new FieldError("slack", "must be a member id such as U024BE7LH"));
        Email(errors, "teams", person.Teams);
        if (person.QuietHours is { } quiet)
            Quiet(errors, quiet);
        return errors;
    }

    /// <summary>The faults of a team.</summary>
    public static List<FieldError> Team(string id, TeamDefinition team)
    {
        var errors = new List<FieldError>();
        TextRules.Id(errors, "id", id);
        TextRules.Required(errors, "name", team.Name);
        if (team.Members.Length > TeamDefinition.MaxMembers)
            errors.Add(new FieldError("members", $"must hold at most {TeamDefinition.MaxMembers}"));
        for (var i = 0; i < Math.Min(team.Members.Length, TeamDefinition.MaxMembers); i++)
            Member(errors, $"members[{i}]", team.Members[i]);
        Via(errors, "via", team.Via);
        Email(errors, "contact_email", team.ContactEmail);
        return errors;
    }

    /// <summary>Checks kinds of channels, of which none need be named.</summary>
    public static void Via(List<FieldError> errors, string field, ImmutableArray<string> kinds)
    {
        if (kinds.IsDefaultOrEmpty)
            return;
        for (var i = 0; i < kinds.Length && i < ChannelKinds.All.Length; i++)
        {
            if (!ChannelKinds.All.Contains(kinds[i]))
                errors.Add(new FieldError($"{field}[{i}]", $"must be one of: {string.Join(", ", ChannelKinds.All)}"));
        }

        if (kinds.Length > ChannelKinds.All.Length)
            errors.Add(new FieldError(field, $"must hold at most {ChannelKinds.All.Length}"));
        else if (kinds.Distinct().Count() != kinds.Length)
            errors.Add(new FieldError(field, "must name each kind once"));
    }

    /// <summary>Checks a mail address that may be missing: plain ASCII, nothing that could end a header's line.</summary>
    public static void Email(List<FieldError> errors, string field, string? value)
    {
        if (!string.IsNullOrEmpty(value) && !IsEmail(value))
            errors.Add(new FieldError(field, $"must be a mail address of at most {MaxEmail} ASCII characters, without a name around it"));
    }

    /// <summary>Whether this is one bare mail address.</summary>
    public static bool IsEmail(string value) =>
        value.Length <= MaxEmail && BareAddress().IsMatch(value) && MailAddress.TryCreate(value, out var address)
            && address.Address == value;

    /// <summary>Checks a phone number that may be missing.</summary>
    public static void Phone(List<FieldError> errors, string field, string? value)
    {
        if (!string.IsNullOrEmpty(value) && !PhoneNumber().IsMatch(value))
            errors.Add(new FieldError(field, "must be a number with its country's code, + and 6 to 15 digits"));
    }

    private static void Member(List<FieldError> errors, string field, string? member)
    {
        var colon = member?.IndexOf(':') ?? -1;
        if (colon <= 0 || !MemberKinds.Contains(member![..colon]))
            errors.Add(new FieldError(field, "must be person:<id>, schedule:<id> or channel:<id>"));
        else
            TextRules.Id(errors, field, member[(colon + 1)..]);
    }

    private static void Quiet(List<FieldError> errors, PersonQuietHours quiet)
    {
        WallClock.Time(errors, "quiet_hours.from", quiet.From, isEnd: false);
        WallClock.Time(errors, "quiet_hours.to", quiet.To, isEnd: true);
        WallClock.Zone(errors, "quiet_hours.time_zone", quiet.TimeZone);
        MutingValidator.Severity(errors, "quiet_hours.below", quiet.Below);
    }

    [GeneratedRegex(@"^[!#-;=?-~]+@[A-Za-z0-9.\-\[\]:]+\z")]
    private static partial Regex BareAddress();

    [GeneratedRegex(@"^\+[0-9]{6,15}\z")]
    private static partial Regex PhoneNumber();

    [GeneratedRegex(@"^[A-Z0-9]{2,32}\z")]
    private static partial Regex SlackMember();
}
