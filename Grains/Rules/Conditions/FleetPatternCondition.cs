namespace EsoCore.Grains.Rules.Conditions;

/// <summary>
/// Incidents of one rule open on many devices at once, or on the devices of one firmware version far more than on the others, either at two
/// sites or more. No device evaluates it: the watch over the project's fleet does.
/// </summary>
/// <param name="Devices">Devices that make a pattern by their number alone; 2 to 10,000.</param>
/// <param name="Within">Within which time; 1 minute to 1 day.</param>
/// <param name="FirmwareDevices">Devices of one firmware version that are compared at all; 2 to 10,000.</param>
/// <param name="Ratio">How many times the share of the other versions' devices; 1.5 to 1,000.</param>
internal sealed record FleetPatternCondition(int Devices, TimeSpan Within, int FirmwareDevices, double Ratio) : Condition
{
    /// <summary>The longest time, and the one that firmware versions are compared over: what the watch remembers.</summary>
    internal static readonly TimeSpan MaxWithin = TimeSpan.FromHours(24);

    /// <summary>What holds where nothing is said.</summary>
    internal static FleetPatternCondition Default { get; } = new(10, TimeSpan.FromHours(1), 5, 3);

    internal static FleetPatternCondition Read(ConditionForm form) => new(
        (int)(form.Whole("devices", 2, RuleLimits.MaxDevices) ?? Default.Devices),
        form.Seconds("within_s", RuleLimits.MinPeriod, MaxWithin) ?? Default.Within,
        (int)(form.Whole("firmware_devices", 2, RuleLimits.MaxDevices) ?? Default.FirmwareDevices),
        form.Number("ratio", 1.5, 1_000) ?? Default.Ratio);
}
