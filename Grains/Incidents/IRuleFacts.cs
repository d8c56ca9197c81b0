using System.Text.Json;
using EsoCore.Rules;

namespace EsoCore.Grains.Incidents;

/// <summary>What an incident grain needs to know of a rule's condition.</summary>
internal interface IRuleFacts
{
    /// <summary>How many devices must be concerned for an incident about a site or the project; 1 or less: each is enough.</summary>
    int Devices { get; }

    /// <summary>How far apart they may begin.</summary>
    TimeSpan Within { get; }
}

/// <summary>Reads the facts of a rule.</summary>
internal interface IRuleFactsReader
{
    /// <summary>The facts of a condition; a condition that says nothing of devices has 1.</summary>
    IRuleFacts Read(RuleDefinition rule);
}

/// <summary>Facts.</summary>
internal sealed record RuleFacts(int Devices, TimeSpan Within) : IRuleFacts
{
    /// <summary>A rule about single devices.</summary>
    public static RuleFacts Single { get; } = new(1, TimeSpan.Zero);
}

/// <summary>
/// Looks for <c>devices</c> (or <c>min_devices</c>) and <c>within_s</c> in a condition of type <c>devices</c>. It knows nothing else of
/// conditions; what reads them in full takes its place.
/// </summary>
internal sealed class ConditionFactsReader : IRuleFactsReader
{
    /// <summary>When a condition names no time.</summary>
    private static readonly TimeSpan DefaultWithin = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    public IRuleFacts Read(RuleDefinition rule)
    {
        if (rule.Subject is not (SubjectKind.Site or SubjectKind.Project) || rule.Condition.Value is not { } text)
            return RuleFacts.Single;
        try
        {
            using var condition = JsonDocument.Parse(text);
            var root = condition.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return RuleFacts.Single;
            var devices = Number(root, "devices") ?? Number(root, "min_devices") ?? 1;
            var within = Number(root, "within_s") is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 86_400)) : DefaultWithin;
            return new RuleFacts((int)Math.Clamp(devices, 1, 100_000), within);
        }
        catch (JsonException)
        {
            return RuleFacts.Single;
        }
    }

    private static double? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) ? number : null;
}
