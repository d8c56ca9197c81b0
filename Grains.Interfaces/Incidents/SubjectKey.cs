using System.Globalization;
using EsoCore.Rules;

namespace EsoCore.Incidents;

/// <summary>
/// What the incidents of a grain are about. As text <c>device:&lt;id&gt;</c>, <c>asset:&lt;code&gt;</c>, <c>site:&lt;id&gt;</c> or
/// <c>project</c> (<c>project:&lt;rule&gt;</c> where one rule's pattern in the fleet is meant); an incident grain's key is
/// <c>project id/rule id/subject</c>.
/// </summary>
[GenerateSerializer, Immutable, Alias("subject-key")]
public sealed record SubjectKey(SubjectKind Kind, string Id)
{
    /// <summary>A device.</summary>
    public static SubjectKey Device(Guid id) => new(SubjectKind.Device, id.ToString("D"));

    /// <summary>The whole project.</summary>
    public static SubjectKey Project { get; } = new(SubjectKind.Project, "");

    /// <inheritdoc/>
    public override string ToString() =>
        Kind == SubjectKind.Project && Id.Length == 0 ? "project" : $"{Kind.ToString().ToLower(CultureInfo.InvariantCulture)}:{Id}";

    /// <summary>Reads what <see cref="ToString"/> wrote; null when it is none.</summary>
    public static SubjectKey? Parse(string text)
    {
        if (text == "project")
            return Project;
        var colon = text.IndexOf(':');
        return colon > 0 && Enum.TryParse<SubjectKind>(text[..colon], ignoreCase: true, out var kind)
            ? new SubjectKey(kind, text[(colon + 1)..]) : null;
    }

    /// <summary>The key of the incident grain of a rule and this subject.</summary>
    public string GrainKey(Guid projectId, string ruleId) => $"{projectId:D}/{ruleId}/{this}";
}
