using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>Takes a record; the bytes are valid during the call only.</summary>
public delegate void RecordHandler(ReadOnlySpan<byte> recordJson, RecordPriority priority);

/// <summary>
/// A machine and its logger: cycles with torque and vibration, ambient climate, noise, a fault every quarter of an hour or so, and a power outage
/// every three quarters. Everything that happens is drawn from the seed and happens at a scheduled moment, so equal options give equal records however
/// the time is cut into steps. Not safe for several threads.
/// </summary>
public sealed class MachineSimulator
{
    private const int WindowSeconds = 4;
    private const int WindowRateHz = 2_000;
    private static readonly TimeSpan WindowEvery = TimeSpan.FromSeconds(10);
    private static readonly Seconds UntilFirstFault = new(60, 600);
    private static readonly Seconds BetweenFaults = new(300, 1_500);
    private static readonly Seconds UntilFirstOutage = new(180, 1_800);
    private static readonly Seconds BetweenOutages = new(1_200, 4_200);
    private static readonly Seconds OutageLasts = new(20, 40);
    private static readonly TimeSpan RouterDiesAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SensorOutFor = TimeSpan.FromSeconds(20);
    private const double WarmingSeconds = 300;

    private readonly MachineOptions _options;
    private readonly MachineProfile _profile;
    private readonly MachineCycle _cycle;
    private readonly RecordWriter _writer;
    private readonly Random _noise;
    private readonly Random _fate;
    private readonly PriorityQueue<Action<DateTimeOffset>, (long Ticks, long Order)> _agenda = new();
    private RecordHandler _handler = static (_, _) => { };
    private long _order;
    private long _pointNumber;
    private long _cycleNumber;
    private double _warmth;
    private DateTimeOffset _warmthAt;
    private string? _brokenSensor;
    private bool _powered = true;

    /// <summary>Makes a machine at rest.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is out of its bounds.</exception>
    public MachineSimulator(MachineOptions options)
    {
        if (!(options.PointsPerSecond > 0 && options.PointsPerSecond <= MachineOptions.MaxPointsPerSecond))
            throw new ArgumentOutOfRangeException(nameof(options), options.PointsPerSecond, $"PointsPerSecond must be above 0 and at most {MachineOptions.MaxPointsPerSecond}.");
        // A logger's clock counts milliseconds. (Points faster than that come in whole microseconds, the finest time a server keeps.)
        options = options with { Start = new DateTimeOffset(options.Start.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero) };
        _options = options;
        _profile = MachineProfile.Of(options.Kind);
        _writer = new RecordWriter(options);
        _noise = new Random(unchecked(options.Seed * 4 + 1));
        _fate = new Random(unchecked(options.Seed * 4 + 2));
        _cycle = new MachineCycle(_profile, new Random(unchecked(options.Seed * 4 + 3)), options.Start);
        _warmthAt = options.Start;
        OpenCycle = options.LeftOpen;
        if (OpenCycle is not null)
            At(options.Start, CloseInterrupted);
        At(options.Start, TakePoint);
        At(options.Start + WindowEvery, TakeWindow);
        SchedulePhase();
        At(options.Start + Draw(UntilFirstFault), Fail);
        At(options.Start + Draw(UntilFirstOutage), LosePower);
    }

    /// <summary>False during a simulated outage: the logger records on its battery but reaches nobody.</summary>
    public bool IsConnected { get; private set; } = true;

    /// <summary>How much of the sampling is kept, above 0 and at most 1, which it is at first: what the configuration asks for.</summary>
    public double SamplingScale { get; set; } = 1;

    /// <summary>The cycle that was opened and not yet closed.</summary>
    public OpenCycle? OpenCycle { get; private set; }

    /// <summary>Lets everything happen that is due up to and including a moment.</summary>
    /// <param name="now">Not before the last call's; an earlier moment does nothing.</param>
    /// <param name="handler">Takes each record, in the order of their times.</param>
    public void AdvanceTo(DateTimeOffset now, RecordHandler handler)
    {
        _handler = handler;
        while (_agenda.TryPeek(out var happen, out var when) && when.Ticks <= now.UtcTicks)
        {
            _agenda.Dequeue();
            happen(new DateTimeOffset(when.Ticks, TimeSpan.Zero));
        }
    }

    private void TakePoint(DateTimeOffset at)
    {
        var (round, which) = Math.DivRem(_pointNumber, _profile.Signals.Count);
        var signal = _profile.Signals[(int)which];
        // The number, not the last time plus a period: at 3 points a second rounding would otherwise drift.
        _pointNumber++;
        var microseconds = Math.Round(_pointNumber * 1e6 / _options.PointsPerSecond);
        At(_options.Start.AddTicks((long)microseconds * TimeSpan.TicksPerMicrosecond), TakePoint);
        var context = Context(at);
        // Turned down, whole rounds are left out, so that all series are thinned alike.
        var isKept = Math.Floor((round + 1) * SamplingScale) > Math.Floor(round * SamplingScale);
        if (isKept && (_powered || signal.OnBattery) && signal.Sensor != _brokenSensor)
            _handler(_writer.Point(at, signal, signal.Value(context)), RecordPriority.Data);
    }

    private void TakeWindow(DateTimeOffset at)
    {
        At(at + WindowEvery, TakeWindow);
        var context = Context(at);
        if (!_powered || _brokenSensor == "ADXL_01")
            return;
        var std = Math.Max(0.02, 0.1 + 1.9 * context.Load + 0.03 * context.Noise);
        var rms = Math.Sqrt(std * std + 0.01);
        _handler(_writer.Window(at, WindowSeconds, WindowRateHz, rms, 2.8 * std, std, 0.7 * std * std, 0.3 * std * std), RecordPriority.Data);
    }

    private void SchedulePhase()
    {
        var ends = _cycle.Ends;
        At(ends, at =>
        {
            if (_cycle.Ends != ends || !_powered)
                return; // An outage broke the cycle off.
            Complete(at);
            _cycle.Next();
            SchedulePhase();
        });
    }

    private void Complete(DateTimeOffset at)
    {
        var name = _cycle.Now switch { MachineCycle.Phase.Opening => "cycle_open", MachineCycle.Phase.Closing => "cycle_close", _ => null };
        if (name is null)
            return;
        if (name == "cycle_open")
        {
            _cycleNumber++;
            OpenCycle = new OpenCycle($"{_options.AssetId}-{_options.Start.ToUnixTimeSeconds():x}-{_cycleNumber}", at);
            Tell(at, name, null, ("cycle_id", OpenCycle.Id));
        }
        else if (OpenCycle is { } open)
        {
            OpenCycle = null;
            Tell(at, name, null,
                ("cycle_id", open.Id),
                ("duration_ms", (at - open.OpenedAt).TotalMilliseconds),
                ("peak_torque_nm", Math.Round(_cycle.PeakTorqueNm, 1)));
        }
    }

    /// <summary>A machine that was broken off in the middle of a cycle goes to rest first, so that none stays open for ever.</summary>
    private void CloseInterrupted(DateTimeOffset at)
    {
        if (OpenCycle is not { } open)
            return;
        OpenCycle = null;
        var lasted = Math.Max(0, (at - open.OpenedAt).TotalMilliseconds);
        Tell(at, "cycle_close", "The cycle was broken off", ("cycle_id", open.Id), ("duration_ms", lasted));
    }

    private void Fail(DateTimeOffset at)
    {
        At(at + Draw(BetweenFaults), Fail);
        var (name, description) = _profile.Faults[_fate.Next(_profile.Faults.Count)];
        if (!_powered)
            return;
        switch (name)
        {
            case "sensor_fault":
                var broken = _profile.Signals[_fate.Next(_profile.Signals.Count)].Sensor;
                _brokenSensor = broken;
                At(at + SensorOutFor, _ => _brokenSensor = null);
                Tell(at, name, description, ("sensor_id", broken));
                break;
            case "over_torque":
                Tell(at, name, description, ("torque_nm", Math.Round(_profile.NominalTorqueNm * 1.6, 1)), ("limit_nm", Math.Round(_profile.NominalTorqueNm * 1.4, 1)));
                break;
            case "low_voltage":
                Tell(at, name, description, ("main_voltage", 19.2));
                break;
            default:
                Tell(at, name, description);
                break;
        }
    }

    private void LosePower(DateTimeOffset at)
    {
        At(at + Draw(BetweenOutages), LosePower);
        var lasts = Draw(OutageLasts);
        _powered = false;
        _cycle.Abort(at);
        Tell(at, "power_outage", "Mains power is gone", ("main_voltage", 0.0));
        At(at + RouterDiesAfter, lost =>
        {
            IsConnected = false;
            Tell(lost, "connectivity_lost", "The network does not answer");
            At(lost + lasts, back => Reconnect(back, lost, at));
        });
    }

    private void Reconnect(DateTimeOffset at, DateTimeOffset lost, DateTimeOffset outage)
    {
        IsConnected = true;
        Tell(at, "connectivity_restored", null, ("duration_ms", (at - lost).TotalMilliseconds));
        At(at + RouterDiesAfter, restored =>
        {
            _powered = true;
            _cycle.Abort(restored);
            SchedulePhase();
            Tell(restored, "power_restored", null, ("duration_ms", (restored - outage).TotalMilliseconds));
            CloseInterrupted(restored);
        });
    }

    private void Tell(DateTimeOffset at, string name, string? description, params ReadOnlySpan<(string, object)> details)
    {
        if (!KnownEvents.TryFind(name, out var known))
            throw new InvalidOperationException($"No such event: {name}.");
        var priority = known.DefaultSeverity >= Severity.High ? RecordPriority.Critical : RecordPriority.Data;
        _handler(_writer.Event(at, known, description, details), priority);
    }

    private SignalContext Context(DateTimeOffset at)
    {
        var load = _powered ? _cycle.LoadAt(at) : 0;
        var passed = (at - _warmthAt).TotalSeconds;
        _warmth += (load - _warmth) * (1 - Math.Exp(-passed / WarmingSeconds));
        _warmthAt = at;
        return new SignalContext(at, load, _warmth, Gauss());
    }

    /// <summary>The Box-Muller transform of two even numbers.</summary>
    private double Gauss() => Math.Sqrt(-2 * Math.Log(1 - _noise.NextDouble())) * Math.Cos(2 * Math.PI * _noise.NextDouble());

    private void At(DateTimeOffset when, Action<DateTimeOffset> happen) => _agenda.Enqueue(happen, (when.UtcTicks, _order++));

    private TimeSpan Draw(Seconds span) => TimeSpan.FromMilliseconds(Math.Round(1_000 * (span.From + (span.To - span.From) * _fate.NextDouble())));
}
