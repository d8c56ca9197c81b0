using System.Collections.Frozen;

namespace EsoCore.Grains.Correlation;

/// <summary>
/// What brings what about, by the words that incidents are known as: names of events, and what built-in rules find. One line a cause.
/// An effect of an effect is an effect. The graph has no circles; words that stand nowhere in it neither cause nor follow.
/// </summary>
internal static class CausalGraph
{
    /// <summary>The rule by which many devices of a site are lost together.</summary>
    public const string SiteDevicesLost = "site_devices_lost";

    /// <summary>Causes, each with its direct effects.</summary>
    public static ImmutableSortedDictionary<string, ImmutableArray<string>> Effects { get; } = Declare(

        // A whole site goes dark: whatever its devices tell of it belongs to that.
        (SiteDevicesLost, ["power_outage", "low_voltage", "connectivity_lost", "server_unreachable", "device_offline"]),

        // Power. Without it the logger runs on its capacitor, shuts down, and is heard no more; a sagging supply resets it first.
        ("power_outage", ["low_voltage", "backup_activated", "supercap_low", "safe_shutdown_initiated", "connectivity_lost", "device_offline", "sd_error"]),
        ("low_voltage", ["backup_activated", "supercap_low", "safe_shutdown_initiated", "watchdog_reset", "sensor_fault", "connectivity_lost"]),
        ("backup_activated", ["supercap_low"]),
        ("supercap_low", ["safe_shutdown_initiated"]),
        ("safe_shutdown_initiated", ["connectivity_lost", "device_offline"]),

        // Network. What cannot be sent piles up, and at last fills the card.
        ("connectivity_lost", ["server_unreachable", "sync_failed", "sync_backlog", "device_offline"]),
        ("server_unreachable", ["sync_failed", "sync_backlog", "device_offline"]),
        ("auth_failed", ["sync_failed"]),
        ("sync_failed", ["sync_backlog"]),
        ("sync_backlog", ["low_disk"]),

        // The logger itself. A bad card cannot be read for sending; bad memory ends in a reset, and a reset in a gap.
        ("sd_error", ["sync_failed", "sync_backlog", "memory_error"]),
        ("memory_error", ["watchdog_reset"]),
        ("watchdog_reset", ["connectivity_lost", "device_offline"]),
        ("ota_started", ["device_boot", "watchdog_reset", "device_offline"]),
        ("config_changed", ["connectivity_lost", "auth_failed"]),

        // Hands on the device: the lid is opened first, the tamper switch tells of it, and what was behind it changes.
        ("enclosure_opened", ["tamper_detected"]),
        ("tamper_detected", ["config_changed", "auth_failed", "sensor_fault", "connectivity_lost"]),

        // The machine. Something in its way stops it; a broken safety circuit stops it too.
        ("safety_circuit_fault", ["safety_edge_triggered", "light_curtain_breach", "emergency_stop_activated"]),
        ("asset_obstruction", ["safety_edge_triggered", "light_curtain_breach", "over_torque", "emergency_stop_activated"]),
        ("light_curtain_breach", ["emergency_stop_activated"]),
        ("safety_edge_triggered", ["emergency_stop_activated"]));

    private static readonly FrozenDictionary<string, FrozenSet<string>> Reach = Effects.Keys
        .ToFrozenDictionary(cause => cause, cause => Follow(cause).ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, int> Depths = Effects.Keys.Concat(Effects.Values.SelectMany(e => e)).Distinct(StringComparer.Ordinal)
        .ToFrozenDictionary(word => word, word => Reach.Count(r => r.Value.Contains(word)), StringComparer.Ordinal);

    /// <summary>Whether the graph tells of a word.</summary>
    public static bool Knows(string word) => Depths.ContainsKey(word);

    /// <summary>Whether a word can be an effect of another.</summary>
    public static bool HasCauses(string word) => Depths.GetValueOrDefault(word) > 0;

    /// <summary>Whether one brings the other about with nothing between them.</summary>
    public static bool CausesDirectly(string cause, string effect) => Effects.TryGetValue(cause, out var effects) && effects.Contains(effect);

    /// <summary>Whether one brings the other about, directly or not.</summary>
    public static bool Causes(string cause, string effect) => Reach.TryGetValue(cause, out var reach) && reach.Contains(effect);

    /// <summary>
    /// How many words can lie behind a word. An effect has more of them than each of its causes, so of several causes the one with the most
    /// is the nearest.
    /// </summary>
    public static int Depth(string word) => Depths.GetValueOrDefault(word);

    private static IEnumerable<string> Follow(string cause)
    {
        var (found, left) = (new HashSet<string>(StringComparer.Ordinal), new Queue<string>([cause]));
        while (left.TryDequeue(out var word))
        {
            foreach (var effect in Effects.GetValueOrDefault(word, []))
            {
                if (found.Add(effect))
                    left.Enqueue(effect);
            }
        }

        return found;
    }

    private static ImmutableSortedDictionary<string, ImmutableArray<string>> Declare(params (string Cause, ImmutableArray<string> Effects)[] lines) =>
        lines.ToImmutableSortedDictionary(l => l.Cause, l => l.Effects, StringComparer.Ordinal);
}
