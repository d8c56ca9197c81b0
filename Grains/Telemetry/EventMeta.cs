using System.Text.Json;

namespace EsoCore.Grains.Telemetry;

/// <summary>What the platform understands of an event's <c>meta</c>; everything in it is stored all the same.</summary>
internal sealed record EventMeta(
    string? EventType, string? Severity, string? Description, double? DurationMs, string? CycleId, double? PeakTorqueNm)
{
    internal static EventMeta None { get; } = new(null, null, null, null, null, null);

    /// <summary>Whether the meta makes its record an event.</summary>
    internal bool MakesEvent => EventType is not null || Severity is not null;

    /// <summary>Reads canonical meta; properties of another type than expected count as absent.</summary>
    internal static EventMeta Read(string canonicalMeta)
    {
        if (canonicalMeta.Length == 0)
            return None;
        using var document = JsonDocument.Parse(canonicalMeta);
        var root = document.RootElement;
        return new EventMeta(
            Text(root, "event_type"),
            Text(root, "severity"),
            Text(root, "description"),
            Number(root, "duration_ms"),
            Text(root, "cycle_id"),
            Number(root, "peak_torque_nm"));
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
