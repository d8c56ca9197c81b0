namespace EsoCore.Device;

/// <summary>Where a machine is in its cycle, and with how much effort.</summary>
internal sealed class MachineCycle(MachineProfile profile, Random random, DateTimeOffset start)
{
    internal enum Phase
    {
        Idle,
        Opening,
        Open,
        Closing,
    }

    /// <summary>How much this cycle's effort differs from the usual.</summary>
    private double _effort = 1;
    private DateTimeOffset _since = start;

    public Phase Now { get; private set; }

    /// <summary>When the phase ends.</summary>
    public DateTimeOffset Ends { get; private set; } = start + Draw(profile.Idle, random);

    public TimeSpan Duration => Ends - _since;

    /// <summary>The highest torque of the movement under way.</summary>
    public double PeakTorqueNm => profile.NominalTorqueNm * _effort;

    /// <summary>The drive's effort: a hump over each movement, level while open, none at rest.</summary>
    public double LoadAt(DateTimeOffset at) => Now switch
    {
        Phase.Idle => 0,
        Phase.Open => profile.OpenLoad * _effort,
        _ => _effort * (0.3 + 0.7 * Math.Sin(Math.PI * Math.Clamp((at - _since) / Duration, 0, 1))),
    };

    /// <summary>Begins the next phase at the end of this one.</summary>
    public void Next()
    {
        var begins = Ends;
        Now = (Phase)(((int)Now + 1) % 4);
        if (Now == Phase.Opening)
            _effort = 0.85 + 0.3 * random.NextDouble();
        _since = begins;
        Ends = begins + Draw(Now switch { Phase.Idle => profile.Idle, Phase.Opening => profile.Opening, Phase.Open => profile.Open, _ => profile.Closing }, random);
    }

    /// <summary>Breaks the cycle off, as a power outage does; the next one starts at rest.</summary>
    public void Abort(DateTimeOffset at)
    {
        Now = Phase.Idle;
        _since = at;
        Ends = at + Draw(profile.Idle, random);
    }

    // Whole milliseconds, since that is what a record's duration_ms tells.
    private static TimeSpan Draw(Seconds span, Random random) =>
        TimeSpan.FromMilliseconds(Math.Round(1_000 * (span.From + (span.To - span.From) * random.NextDouble())));
}
