using System.Collections.Immutable;
using EsoCore.Grains.Incidents;
using EsoCore.Incidents;
using EsoCore.Rules;

namespace EsoCore.Tests.Incidents;

/// <summary>Makes rules and episodes for tests.</summary>
internal static class Episodes
{
    /// <summary>When the tests' outage begins.</summary>
    public static readonly DateTimeOffset Ten = new(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);

    public static readonly Guid Logger = new("0e000000-0000-4000-8000-000000000001");

    public static RuleDefinition Rule(params RuleAction[] actions) => new(
        "Power outage", null, true, RuleScope.All, SubjectKind.Device, JsonText.EmptyObject, null, TimeSpan.FromMinutes(15), TimeSpan.FromHours(1),
        [.. actions]);

    public static NotifyAction Notify(params string[] to) => new([.. to], []);

    public static EpisodeSource Source(Guid? device = null, string? site = "HALL", string? firmware = "1.0") =>
        new(device ?? Logger, "SN-1", "DOOR-2", firmware, site, null);

    public static RuleEpisode Episode(
        string word, double startMinute, double? endMinute, bool lasts = true, string severity = "high", double holdMinutes = 0,
        Guid? device = null, string? id = null, string? site = "HALL", string? firmware = "1.0") => new(
        WorkIds.Of("episode", device ?? Logger, word, id ?? $"{startMinute}"), 1, Ten.AddMinutes(startMinute),
        endMinute is { } end ? Ten.AddMinutes(end) : null, lasts, TimeSpan.FromMinutes(holdMinutes), severity, word, null, 1, null, null,
        $"{word} at {startMinute}", Source(device, site, firmware), "");

    /// <summary>Something that is over as it happens.</summary>
    public static RuleEpisode Blip(string word, double minute, string severity = "medium", Guid? device = null) =>
        Episode(word, minute, minute, lasts: false, severity, device: device);
}
