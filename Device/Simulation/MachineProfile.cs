namespace EsoCore.Device;

/// <summary>What a signal may depend on.</summary>
/// <param name="At">The moment.</param>
/// <param name="Load">The drive's effort, 0 to about 1.</param>
/// <param name="Warmth">The load's slow average, 0 to 1: what heats.</param>
/// <param name="Noise">A normally distributed number, freshly drawn.</param>
internal readonly record struct SignalContext(DateTimeOffset At, double Load, double Warmth, double Noise)
{
    /// <summary>1 while something moves.</summary>
    public double Moving => Load > 0 ? 1 : 0;

    /// <summary>A hall's temperature: coolest at three in the morning, warmest at three in the afternoon.</summary>
    public double AmbientCelsius => 20.5 - 4 * Math.Cos(2 * Math.PI * (At.TimeOfDay.TotalHours - 3) / 24);
}

/// <summary>One series: everything that names it is fixed, so that a device keeps to a handful of series.</summary>
/// <param name="Metric">Its name.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Sensor">sensor_id in meta.</param>
/// <param name="OnBattery">Whether it is still measured during a power outage.</param>
/// <param name="Value">The value at a moment.</param>
/// <param name="Joint">joint in meta; null for none.</param>
internal sealed record Signal(string Metric, string Unit, string Sensor, bool OnBattery, Func<SignalContext, double> Value, string? Joint = null);

/// <summary>A span of seconds to draw from.</summary>
internal readonly record struct Seconds(double From, double To);

/// <summary>How a sort of machine behaves.</summary>
internal sealed record MachineProfile
{
    public required IReadOnlyList<Signal> Signals { get; init; }

    /// <summary>Standing still before a cycle.</summary>
    public required Seconds Idle { get; init; }

    /// <summary>Opening, spinning up, picking, starting; ends in cycle_open.</summary>
    public required Seconds Opening { get; init; }

    /// <summary>Standing open, cutting, holding, running.</summary>
    public required Seconds Open { get; init; }

    /// <summary>Closing, spinning down, placing, stopping; ends in cycle_close.</summary>
    public required Seconds Closing { get; init; }

    /// <summary>The drive's effort while open.</summary>
    public required double OpenLoad { get; init; }

    /// <summary>The drive's torque at full load.</summary>
    public required double NominalTorqueNm { get; init; }

    /// <summary>What goes wrong now and then: the event's name and what a person reads.</summary>
    public required IReadOnlyList<(string Event, string Description)> Faults { get; init; }

    public static MachineProfile Of(MachineKind kind) => kind switch
    {
        MachineKind.Door => Door,
        MachineKind.Cnc => Cnc,
        MachineKind.Robot => Robot,
        MachineKind.Pump => Pump,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static readonly Signal Ambient = new("temp_ambient", "°C", "SHT40_01", true, c => c.AmbientCelsius + 0.1 * c.Noise);

    private static readonly Signal Humidity = new("humidity_ambient", "%", "SHT40_01", true, c => Math.Clamp(95 - 2.2 * c.AmbientCelsius + 0.4 * c.Noise, 5, 100));

    private static readonly (string, string) SensorFault = ("sensor_fault", "The sensor does not answer");
    private static readonly (string, string) OverTorque = ("over_torque", "The drive's torque exceeded its limit");

    private static readonly MachineProfile Door = new()
    {
        Idle = new(15, 60),
        Opening = new(6, 10),
        Open = new(5, 20),
        Closing = new(6, 10),
        OpenLoad = 0,
        NominalTorqueNm = 28,
        Faults = [OverTorque, SensorFault, ("safety_edge_triggered", "The safety edge was pressed while closing"), ("asset_obstruction", "Something stands in the doorway")],
        Signals =
        [
            new("motor_torque", "Nm", "TQ_01", false, c => 28 * c.Load + 0.4 * c.Moving * c.Noise),
            new("motor_current", "A", "CT_01", false, c => 0.2 + 6.5 * c.Load + 0.05 * c.Noise),
            new("vibration_rms", "mm/s", "ADXL_01", false, c => Math.Max(0, 0.12 + 2.1 * c.Load + 0.05 * c.Noise)),
            new("temp_motor", "°C", "PT100_01", false, c => c.AmbientCelsius + 4 + 30 * c.Warmth + 0.1 * c.Noise),
            Ambient,
            Humidity,
            Sound(41, 24),
            new("supply_voltage", "V", "ADC_01", false, c => 24.1 - 0.6 * c.Load + 0.03 * c.Noise),
        ],
    };

    private static readonly MachineProfile Cnc = new()
    {
        Idle = new(20, 60),
        Opening = new(3, 5),
        Open = new(40, 120),
        Closing = new(2, 4),
        OpenLoad = 0.7,
        NominalTorqueNm = 65,
        Faults = [OverTorque, SensorFault],
        Signals =
        [
            new("spindle_speed", "rpm", "ENC_01", false, c => c.Moving * (8_000 + 15 * c.Noise)),
            new("spindle_load", "%", "DRV_01", false, c => Math.Max(0, 100 * c.Load + c.Moving * 3 * c.Noise)),
            new("temp_spindle", "°C", "PT100_01", false, c => c.AmbientCelsius + 45 * c.Warmth + 0.1 * c.Noise),
            new("temp_coolant", "°C", "PT100_02", false, c => c.AmbientCelsius + 12 * c.Warmth + 0.1 * c.Noise),
            new("vibration_rms", "mm/s", "ADXL_01", false, c => Math.Max(0, 0.2 + 3.4 * c.Load + 0.1 * c.Noise)),
            new("motor_current", "A", "CT_01", false, c => 0.8 + 22 * c.Load + 0.2 * c.Noise),
            Ambient,
            Humidity,
            Sound(52, 31),
        ],
    };

    private static readonly MachineProfile Robot = new()
    {
        Idle = new(1, 4),
        Opening = new(1.5, 3),
        Open = new(0.5, 1),
        Closing = new(1.5, 3),
        OpenLoad = 0.3,
        NominalTorqueNm = 90,
        Faults = [OverTorque, SensorFault, ("light_curtain_breach", "Somebody reached into the cell")],
        Signals =
        [
            new("joint_torque", "Nm", "DRV_01", false, c => 90 * c.Load + 0.8 * c.Noise, "J1"),
            new("joint_torque", "Nm", "DRV_02", false, c => 62 * c.Load + 0.6 * c.Noise, "J2"),
            new("joint_torque", "Nm", "DRV_03", false, c => 35 * c.Load + 0.4 * c.Noise, "J3"),
            new("tcp_speed", "mm/s", "ENC_01", false, c => Math.Max(0, 1_400 * c.Load + c.Moving * 6 * c.Noise)),
            new("motor_current", "A", "CT_01", false, c => 1.1 + 9 * c.Load + 0.1 * c.Noise),
            new("temp_controller", "°C", "NTC_01", false, c => c.AmbientCelsius + 8 + 14 * c.Warmth + 0.1 * c.Noise),
            Ambient,
            Sound(48, 18),
        ],
    };

    private static readonly MachineProfile Pump = new()
    {
        Idle = new(30, 120),
        Opening = new(2, 4),
        Open = new(120, 400),
        Closing = new(2, 4),
        OpenLoad = 0.8,
        NominalTorqueNm = 40,
        Faults = [OverTorque, SensorFault, ("low_voltage", "The supply fell below its limit")],
        Signals =
        [
            new("flow_rate", "l/min", "FLOW_01", false, c => Math.Max(0, 320 * c.Load + c.Moving * 2 * c.Noise)),
            new("pressure_out", "bar", "PRES_01", false, c => Math.Max(0, 0.4 + 6.2 * c.Load + 0.02 * c.Noise)),
            new("motor_current", "A", "CT_01", false, c => 0.1 + 14 * c.Load + 0.1 * c.Noise),
            new("temp_bearing", "°C", "PT100_01", false, c => c.AmbientCelsius + 34 * c.Warmth + 0.1 * c.Noise),
            new("vibration_rms", "mm/s", "ADXL_01", false, c => Math.Max(0, 0.1 + 1.5 * c.Load + 0.05 * c.Noise)),
            Ambient,
            Humidity,
            Sound(44, 26),
        ],
    };

    private static Signal Sound(double quietDb, double loudDb) =>
        new("sound_level", "dB", "MIC_01", false, c => quietDb + loudDb * Math.Sqrt(Math.Max(0, c.Load)) + 0.6 * c.Noise);
}
