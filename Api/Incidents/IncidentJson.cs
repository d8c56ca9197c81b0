using System.Text.Json.Serialization;
using EsoCore.Incidents;

namespace EsoCore.Api;

/// <summary>An incident.</summary>
internal record IncidentBody
{
    public IncidentBody(Incident incident)
    {
        var source = incident.Source;
        var subject = SubjectKey.Parse(incident.Subject);
        var isOfDevice = subject?.Kind is Rules.SubjectKind.Device or Rules.SubjectKind.Asset;
        (Id, RuleId, Subject, Status, Severity) = (incident.Id, incident.RuleId, incident.Subject, incident.Status, incident.Severity);
        (Title, Text, Cause, CauseId, Consequences) = (incident.Title, incident.Text, incident.Cause, incident.CauseId, incident.Consequences);
        if (isOfDevice)
            (DeviceId, Serial, Model, FirmwareVersion) = (source.DeviceId, source.Serial, source.Model, source.FirmwareVersion);
        SiteId = subject?.Kind == Rules.SubjectKind.Site ? subject.Id : subject?.Kind == Rules.SubjectKind.Project ? null : source.SiteId;
        AssetId = subject?.Kind == Rules.SubjectKind.Asset ? subject.Id : isOfDevice ? source.AssetId : null;
        (StartedAt, OpenedAt, LastAt, EndedAt) = (incident.StartedAt, incident.OpenedAt, incident.LastAt, incident.EndedAt);
        (AcknowledgedAt, AcknowledgedBy) = (incident.AcknowledgedAt, incident.AcknowledgedBy);
        (ResolvedAt, ResolvedBy, Assignee) = (incident.ResolvedAt, incident.ResolvedBy, incident.Assignee);
        (Count, Reopened, Value, Limit) = (incident.Count, incident.Reopened, incident.Value, incident.Limit);
        EscalationLevel = incident.EscalationLevel;
        Meta = new JsonText(incident.Meta.Length == 0 ? "{}" : incident.Meta);
    }

    public Guid Id { get; }

    public string RuleId { get; }

    public string Subject { get; }

    public IncidentStatus Status { get; }

    public string Severity { get; }

    public string Title { get; }

    public string Text { get; }

    public string Cause { get; }

    public Guid? CauseId { get; }

    public int Consequences { get; }

    public Guid? DeviceId { get; }

    public string? Serial { get; }

    public string? Model { get; }

    public string? FirmwareVersion { get; }

    public string? SiteId { get; }

    public string? AssetId { get; }

    public DateTimeOffset StartedAt { get; }

    public DateTimeOffset OpenedAt { get; }

    public DateTimeOffset LastAt { get; }

    public DateTimeOffset? EndedAt { get; }

    public DateTimeOffset? AcknowledgedAt { get; }

    public string? AcknowledgedBy { get; }

    public DateTimeOffset? ResolvedAt { get; }

    public string? ResolvedBy { get; }

    public string? Assignee { get; }

    public int Count { get; }

    public int Reopened { get; }

    public double? Value { get; }

    public double? Limit { get; }

    public int EscalationLevel { get; }

    public JsonText Meta { get; }
}

/// <summary>A page of incidents.</summary>
internal sealed record IncidentList(IEnumerable<IncidentBody> Incidents);

/// <summary>An incident with the incidents that are its consequences, and its trail, newest first; at most 200 of each.</summary>
internal sealed record IncidentDetailsBody : IncidentBody
{
    public IncidentDetailsBody(IncidentDetails details) : base(details.Incident) => (ConsequenceList, Trail) =
        (details.Consequences.Select(c => new IncidentBody(c)), details.Trail.Select(l => new TrailBody(l)));

    [JsonPropertyOrder(1)]
    public IEnumerable<IncidentBody> ConsequenceList { get; }

    [JsonPropertyOrder(1)]
    public IEnumerable<TrailBody> Trail { get; }
}

/// <summary>A line of the audit trail.</summary>
internal sealed record TrailBody(Guid Id, DateTimeOffset At, string Actor, string Action, Guid? ItemId, Guid? DeviceId, JsonText Body)
{
    public TrailBody(TrailEntry line) : this(line.Id, line.At, line.Actor, line.Action, line.ItemId, line.DeviceId, line.Body)
    {
    }
}

/// <summary>A page of the audit trail.</summary>
internal sealed record TrailList(IEnumerable<TrailBody> Log);

/// <summary>What is done with an incident, and why.</summary>
internal sealed record ActBody(string? Text);

/// <summary>A comment, 1 to 4,096 characters.</summary>
internal sealed record CommentBody(string Text);

/// <summary>Who is to see to it.</summary>
internal sealed record AssignBody([property: JsonRequired] string? Assignee, string? Text);
