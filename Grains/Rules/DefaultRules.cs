using System.Collections.Frozen;
using EsoCore.Rules;

namespace EsoCore.Grains.Rules;

/// <summary>
/// The rules that every project has until it edits them or takes them away: the eleven workflows of the specification, and what the
/// platform itself looks after. They need no row, and cost nothing for devices that never set them off. Rules over rated values concern
/// only devices whose settings have them (<c>thresholds</c>).
/// </summary>
internal static class DefaultRules
{
    /// <summary>The rule over patterns in the fleet.</summary>
    internal const string FleetPattern = "fleet_pattern";

    private static readonly TimeSpan Reopen = TimeSpan.FromHours(1);

    /// <summary>Counted from the opening, which comes 5 minutes after the loss: together the 30 minutes of the specification.</summary>
    private static readonly TimeSpan EscalateAfter = TimeSpan.FromMinutes(25);

    private static readonly ImmutableArray<string> Email = ["email"];
    private static readonly ImmutableArray<string> SmsAndEmail = ["sms", "email"];

    /// <summary>By id.</summary>
    internal static FrozenDictionary<string, RuleDefinition> All { get; } =
        Workflows().Concat(BuiltIn()).Concat(Anomalies()).ToFrozenDictionary(rule => rule.Id, rule => rule.Rule, StringComparer.Ordinal);

    private static IEnumerable<(string Id, RuleDefinition Rule)> Workflows()
    {
        yield return ("connectivity_lost", Make(
            "Connection lost", "The device had no connection for more than 5 minutes.", "medium",
            """{"type":"event","types":["connectivity_lost"],"lasting_s":300,"restored_by":["connectivity_restored"]}""",
            Notify("maintenance", Email), Escalate("maintenance", SmsAndEmail)));
        yield return ("power_outage", Make(
            "Power outage", "The mains are out.", "critical",
            """{"type":"event","types":["power_outage"],"min_severity":"critical","restored_by":["power_restored"]}""",
            Notify("maintenance", SmsAndEmail), Ticket("maintenance", 4)));
        yield return ("safe_shutdown_initiated", Make(
            "Safe shutdown", "The device shut itself down.", "critical",
            """{"type":"event","types":["safe_shutdown_initiated"],"restored_by":["device_boot"]}""",
            Notify("maintenance", SmsAndEmail), Ticket("site_visit", 24)));
        yield return ("supercap_low", Make(
            "Backup power low",
            "The supercapacitor is below 80 % of its rated voltage (threshold supercap_v); an event that tells no voltage counts.", "high",
            """
            {"type":"event","types":["supercap_low"],
            "where":[{"meta":"voltage","below":{"rated":"supercap_v","percent":80},"if_unknown":true}]}
            """,
            Notify("maintenance", Email), Ticket("backup_power_check", 48)) with { ResolveAfter = TimeSpan.FromDays(1) });
        yield return ("safety_edge_triggered", Make(
            "Safety edge triggered often", "The safety edge was triggered 5 times within an hour.", "high",
            """{"type":"event","types":["safety_edge_triggered"],"count":5,"within_s":3600}""",
            Notify("safety", Email), Ticket("safety_audit", 72), Ticket("alignment_check", 24)) with
            {
                ResolveAfter = TimeSpan.FromDays(1),
            });
        yield return ("emergency_stop_activated", Make(
            "Emergency stop", "An emergency stop was activated.", "critical",
            """{"type":"event","types":["emergency_stop_activated"]}""",
            Notify("safety", SmsAndEmail)));
        yield return ("light_curtain_breach", Make(
            "Light curtain breached outside operating hours", "Something passed the light curtain while the site was closed.", "critical",
            """{"type":"event","types":["light_curtain_breach"],"outside_operating_hours":true}""",
            Notify("security", SmsAndEmail)));
        yield return ("server_unreachable", Make(
            "Server unreachable", "The device could not reach the server after more than 5 tries.", "high",
            """{"type":"event","types":["server_unreachable"],"where":[{"meta":"retry_count","above":5}]}""",
            Notify("it", Email), Ticket("server_check", 8)));
        yield return ("sensor_fault", Make(
            "Sensor fault", "A sensor failed; the rules over what it measures are passed over until it is back.", "high",
            """{"type":"event","types":["sensor_fault"],"restored_by":["sensor_restored"],"same":"sensor_id"}""",
            Notify("maintenance", Email), Ticket("maintenance", 72), new DisableSensorAlertsAction()));
        yield return ("tamper_detected", Make(
            "Tampering", "Somebody tampered with the device.", "critical",
            """{"type":"event","types":["tamper_detected"]}""",
            Notify("security", SmsAndEmail)));
        yield return ("sd_error", Make(
            "Card error", "The device's storage failed.", "critical",
            """{"type":"event","types":["sd_error"]}""",
            Notify("maintenance", SmsAndEmail), Ticket("part_replacement", 24)));
    }

    private static IEnumerable<(string Id, RuleDefinition Rule)> BuiltIn()
    {
        yield return ("device_offline", Make(
            "Device offline", "The device has not been heard for 15 minutes, and for longer than its upload interval.", "medium",
            """{"type":"device_state","state":"offline","for_s":900}""",
            Notify("maintenance", Email)));
        yield return ("sync_backlog", Make(
            "Sync backlog", "Records have waited on the device's card for more than a day.", "medium",
            """{"type":"device_state","state":"sync_backlog","age_s":86400,"for_s":3600}""",
            Notify("maintenance", Email)));
        yield return ("low_disk", Make(
            "Card nearly full", "The device's card is more than 90 % full, or its health below 10 %.", "medium",
            """{"type":"device_state","state":"low_disk","used_percent":90,"health_below":10}""",
            Notify("maintenance", Email)));
        yield return ("firmware_mismatch", Make(
            "Wrong version", "The device has run another configuration or firmware than it should for a day.", "low",
            """{"type":"device_state","state":"firmware_mismatch","for_s":86400}""",
            Notify("it", Email)));
        yield return ("over_torque", Make(
            "Over-torque", "The drive exceeded its torque (threshold over_torque_nm), or said so itself.", "high",
            """
            {"type":"event","types":["over_torque","cycle_close"],"where":
            [{"meta":"peak_torque_nm","types":["cycle_close"],"above":{"rated":"over_torque_nm"}}]}
            """,
            Notify("maintenance", Email)) with { Subject = SubjectKind.Asset, ResolveAfter = TimeSpan.FromHours(12) });
        yield return ("rising_vibration", Make(
            "Rising vibration", "The hourly RMS of vibration_rms has been above its limit (threshold vibration_rms) for 10 minutes.",
            "medium",
            """
            {"type":"window_statistic","metric":"vibration_rms","stat":"rms","period_s":3600,"for_s":600,
            "above":{"rated":"vibration_rms"},"clear_above":{"rated":"vibration_rms","percent":90}}
            """,
            Notify("maintenance", Email)) with { Subject = SubjectKind.Asset });
        yield return ("elevated_acoustics", Make(
            "Elevated acoustics", "acoustics_level has been above its limit (threshold acoustics_level) for 5 minutes.", "medium",
            """
            {"type":"threshold","metric":"acoustics_level","for_s":300,
            "above":{"rated":"acoustics_level"},"clear_above":{"rated":"acoustics_level","percent":95}}
            """,
            Notify("maintenance", Email)) with { Subject = SubjectKind.Asset });
        yield return ("elevated_ultrasound", Make(
            "Elevated ultrasound", "ultrasound_level has been above its limit (threshold ultrasound_level) for 5 minutes.", "medium",
            """
            {"type":"threshold","metric":"ultrasound_level","for_s":300,
            "above":{"rated":"ultrasound_level"},"clear_above":{"rated":"ultrasound_level","percent":95}}
            """,
            Notify("maintenance", Email)) with { Subject = SubjectKind.Asset });
        yield return ("site_devices_lost", Make(
            "Devices of a site lost", "5 devices of a site fell silent within 10 minutes.", "critical",
            """{"type":"devices","count":5,"within_s":600,"of":{"type":"device_state","state":"offline"}}""",
            Notify("maintenance", SmsAndEmail)) with { Subject = SubjectKind.Site });
        yield return (FleetPattern, Make(
            "Pattern in the fleet",
            "At two sites or more, incidents of one rule opened on 10 devices within an hour, or within a day on 5 devices of one "
            + "firmware version, three times as often as on the others.", "high",
            """{"type":"fleet_pattern","devices":10,"within_s":3600,"firmware_devices":5,"ratio":3}""",
            Notify("maintenance", Email)) with { Subject = SubjectKind.Project, ResolveAfter = TimeSpan.FromDays(1) });
    }

    private static IEnumerable<(string Id, RuleDefinition Rule)> Anomalies()
    {
        yield return ("event_anomaly", Make(
            "Unusually many events", "An event is far more frequent at the device than it used to be.", "low",
            """
            {"type":"anomaly","of":"events","min_count":5,"max_probability":0.001,
            "types":["sensor_fault","sd_error","low_voltage","over_torque","watchdog_reset","memory_error","safety_edge_triggered",
            "asset_obstruction"]}
            """) with { ResolveAfter = TimeSpan.FromDays(2) });
        yield return ("metric_anomaly", Make(
            "Unusual values", "Values of a metric are not as they used to be. Switch it on for the metrics that matter.", "low",
            // About one false alarm of a series in a month: see Benchmarks/results/anomalies.md.
            """{"type":"anomaly","of":"metric","min_likelihood":0.9}""") with { Enabled = false, ResolveAfter = TimeSpan.FromDays(1) });
        yield return ("vibration_forecast", Make(
            "Vibration will pass its limit", "The trend of vibration_rms passes its limit (threshold vibration_rms) within two weeks.",
            "low",
            """{"type":"anomaly","of":"forecast","metric":"vibration_rms","above":{"rated":"vibration_rms"},"within_s":1209600}""") with
            {
                Subject = SubjectKind.Asset,
            });
    }

    private static RuleDefinition Make(
        string name, string description, string severity, string condition, params ImmutableArray<RuleAction> actions) => new(
            name, description, Enabled: true, RuleScope.All, SubjectKind.Device, new JsonText(condition.ReplaceLineEndings(" ")), severity,
            Reopen, null, actions);

    private static NotifyAction Notify(string team, ImmutableArray<string> via) => new([$"team:{team}"], via);

    private static EscalateAction Escalate(string team, ImmutableArray<string> via) => new(null, EscalateAfter, [$"team:{team}"], via);

    private static TicketAction Ticket(string kind, int hours) => new(kind, TimeSpan.FromHours(hours), null);
}
