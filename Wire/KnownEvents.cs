using System.Collections.Frozen;

namespace EsoCore.Wire;

/// <summary>An event that both ends know by name.</summary>
/// <param name="Name">What stands in <c>series</c>, <c>metric</c> or <c>event_type</c>.</param>
/// <param name="Category">network, power, safety, system, security or asset.</param>
/// <param name="DefaultSeverity">Used when the record tells none, or a word that is none.</param>
/// <param name="RestoredBy">The event after which this one no longer holds; null where no event says so.</param>
public readonly record struct KnownEvent(string Name, string Category, Severity DefaultSeverity, string? RestoredBy);

/// <summary>The events known by name. A record whose metric is one of them is an event even without <c>meta.event_type</c>.</summary>
public static class KnownEvents
{
    /// <summary>Every known event, by category in the order of the published list.</summary>
    public static IReadOnlyList<KnownEvent> All { get; } =
    [
        new("connectivity_lost", "network", Severity.High, "connectivity_restored"),
        new("connectivity_restored", "network", Severity.Info, null),
        new("server_unreachable", "network", Severity.Medium, "connectivity_restored"),
        new("sync_failed", "network", Severity.Medium, null),

        new("power_outage", "power", Severity.Critical, "power_restored"),
        new("power_restored", "power", Severity.Info, null),
        new("low_voltage", "power", Severity.High, "power_restored"),
        new("backup_activated", "power", Severity.Medium, "power_restored"),
        new("supercap_low", "power", Severity.High, null),
        new("safe_shutdown_initiated", "power", Severity.High, "device_boot"),

        new("safety_edge_triggered", "safety", Severity.High, null),
        new("emergency_stop_activated", "safety", Severity.Critical, null),
        new("light_curtain_breach", "safety", Severity.High, null),
        new("asset_obstruction", "safety", Severity.High, null),
        new("safety_circuit_fault", "safety", Severity.Critical, null),

        new("device_boot", "system", Severity.Info, null),
        new("watchdog_reset", "system", Severity.High, null),
        new("sd_error", "system", Severity.High, null),
        new("sensor_fault", "system", Severity.High, null),
        new("ota_started", "system", Severity.Info, "ota_completed"),
        new("ota_completed", "system", Severity.Info, null),
        new("memory_error", "system", Severity.High, null),

        new("auth_failed", "security", Severity.High, null),
        new("tamper_detected", "security", Severity.Critical, null),
        new("config_changed", "security", Severity.Low, null),
        new("enclosure_opened", "security", Severity.High, null),

        new("cycle_open", "asset", Severity.Info, "cycle_close"),
        new("cycle_close", "asset", Severity.Info, null),
        new("over_torque", "asset", Severity.High, null),
    ];

    /// <summary>Longer names are unknown without a look; it also bounds the stack used by the lookup of bytes.</summary>
    private static readonly int MaxNameLength = All.Max(e => e.Name.Length);

    private static readonly FrozenDictionary<string, KnownEvent> ByName = All.ToFrozenDictionary(e => e.Name, StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, KnownEvent>.AlternateLookup<ReadOnlySpan<char>> BySpan =
        ByName.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Finds an event by its exact name (lower case).</summary>
    public static bool TryFind(string name, out KnownEvent found) => ByName.TryGetValue(name, out found);

    /// <summary>Finds an event by the UTF-8 bytes of its exact name, without allocating.</summary>
    public static bool TryFind(ReadOnlySpan<byte> utf8Name, out KnownEvent found)
    {
        found = default;
        if (utf8Name.Length > MaxNameLength)
            return false;
        Span<char> name = stackalloc char[MaxNameLength];
        for (var i = 0; i < utf8Name.Length; i++)
            name[i] = (char)utf8Name[i]; // All names are ASCII: another byte simply matches none.
        return BySpan.TryGetValue(name[..utf8Name.Length], out found);
    }
}
