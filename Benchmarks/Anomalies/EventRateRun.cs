using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;

namespace EsoCore.Benchmarks.Anomalies;

/// <summary>
/// How often the built-in rule over unusually many events is wrong about devices whose events keep their rate, and how many bursts it
/// finds.
/// </summary>
internal static class EventRateRun
{
    /// <summary>What a results file calls its section.</summary>
    public const string Heading = "## Rates of events";

    private const int Devices = 300;
    private const int Days = 56;
    private const int HalfDays = 28;
    private const int FirstBurstDay = 14;

    /// <summary>From the beginning of a burst; it lasts as long.</summary>
    private const int BurstHours = 24;

    private const string RuleId = "event_anomaly";
    private const string EventType = "sensor_fault";
    private const long HourUs = 3_600_000_000;
    private const long DayUs = 24 * HourUs;
    private static readonly long Start = new DateTimeOffset(2026, 1, 5, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1_000;
    private static readonly double[] RatesPerDay = [0.2, 0.5, 1, 2, 5, 10];
    private static readonly int[] Bursts = [7, 14];

    /// <summary>What one device told.</summary>
    /// <param name="AlarmsUs">When episodes began, microseconds after its first day.</param>
    private sealed record Told(List<long> AlarmsUs, long BurstUs);

    /// <summary>The section, with a line that names the machine.</summary>
    public static string Report(string machine)
    {
        var rule = new CompiledRule(RuleId, 1, DefaultRules.All[RuleId]);
        var condition = (EventAnomalyCondition)rule.Condition;
        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"""
            {Heading}

            {machine}

            `dotnet run -c Release --project Benchmarks -- anomalies --events`: the built-in rule `{RuleId}` (at least
            {condition.MinCount} in 24 h, probability at most {condition.MaxProbability}), run as a device runs it. For each row
            {Devices} devices, new on their first day, with events of one kind at a constant rate, independent of each other
            (Poisson), judged at every event and every hour; fixed seeds. A false alarm is an episode that begins, also one that
            reopens an incident: the figures are those of one kind of event at one device. Then as many devices from other seeds
            for each size of burst, with that many events more, spread over {BurstHours} hours that begin on day {FirstBurstDay} to
            {HalfDays}; found when an episode begins within those hours.

            | events a day | false alarms, first 28 days | false alarms, next 28 days | 7 more found | 14 more found | median delay, 14 |
            |---:|---:|---:|---:|---:|---:|
            """);
        var seed = 0;
        foreach (var rate in RatesPerDay)
        {
            var clean = Run(rule, rate, 0, ref seed);
            var (first, later) = (Alarms(clean, 0), Alarms(clean, HalfDays));
            var cells = new List<string> { Show(rate), Show(first), Show(later) };
            var delay = double.NaN;
            foreach (var burst in Bursts)
            {
                (var found, delay) = Found(Run(rule, rate, burst, ref seed));
                cells.Add(string.Create(CultureInfo.InvariantCulture, $"{found:F0} %"));
            }

            cells.Add(string.Create(CultureInfo.InvariantCulture, $"{delay:F0} h"));
            text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |");
        }

        return text.AppendLine().ToString();
    }

    private static string Show(double number) => number.ToString("0.###", CultureInfo.InvariantCulture);

    private static List<Told> Run(CompiledRule rule, double perDay, int burst, ref int seed)
    {
        var told = new List<Told>(Devices);
        for (var device = 0; device < Devices; device++)
            told.Add(Follow(rule, perDay, burst, new Random(seed++)));
        return told;
    }

    private static double Alarms(List<Told> fleet, int fromDay) =>
        fleet.Sum(d => d.AlarmsUs.Count(at => at >= fromDay * DayUs && at < (fromDay + HalfDays) * DayUs)) / (double)fleet.Count;

    private static (double Percent, double MedianHours) Found(List<Told> fleet)
    {
        var delays = new List<double>();
        foreach (var device in fleet)
        {
            var at = device.AlarmsUs.FindIndex(alarm => alarm >= device.BurstUs && alarm <= device.BurstUs + (BurstHours * HourUs));
            if (at >= 0)
                delays.Add((device.AlarmsUs[at] - device.BurstUs) / (double)HourUs);
        }

        delays.Sort();
        return (100.0 * delays.Count / fleet.Count, delays.Count == 0 ? double.NaN : delays[delays.Count / 2]);
    }

    /// <summary>
    /// The life of one device: a batch with each event, and one in each hour, since nothing changes between them. Its detector begins with
    /// its first event and knows then that there was none before.
    /// </summary>
    private static Told Follow(CompiledRule rule, double perDay, int burst, Random random)
    {
        var burstUs = (long)((FirstBurstDay + (random.NextDouble() * (HalfDays - FirstBurstDay))) * DayUs);
        var events = Events(perDay, burst, burstUs, random);
        var device = new RuleDevice(Guid.Empty, Guid.Empty, "", "", null, null);
        var rules = new DeviceRules([rule]);
        var past = new Dictionary<string, EventPast> { [EventType] = new(Start, []) };
        var (memory, detectors, markUs, next) = (RuleMemory.Empty, DetectorSet.Empty, long.MinValue, 0);
        var alarms = new List<long>();
        for (var hourUs = HourUs; hourUs <= Days * DayUs; hourUs += HourUs)
        {
            for (; next < events.Count && events[next] < hourUs; next++)
                Batch(events[next], [Event(events[next])]);
            if (detectors != DetectorSet.Empty)
                Batch(hourUs, []);
        }

        return new Told(alarms, burstUs);

        void Batch(long atUs, ImmutableArray<NewEvent> batch)
        {
            var run = new RuleRun(device, rules, memory, RatedValues.None, Start + atUs);
            detectors = AnomalyRules.Events(run, detectors, batch, markUs, past);
            var isHeld = memory.Levels.Length > 0;
            memory = run.After;
            if (!isHeld && memory.Levels.Length > 0)
                alarms.Add(atUs);
            if (!batch.IsEmpty)
                markUs = batch[^1].Key.TsUs;
        }
    }

    /// <summary>Microseconds after the first day began, in order.</summary>
    private static List<long> Events(double perDay, int burst, long burstUs, Random random)
    {
        var events = new List<long>();
        for (var day = Gap(); day < Days; day += Gap())
            events.Add((long)(day * DayUs));
        for (var i = 0; i < burst; i++)
            events.Add(burstUs + (long)(random.NextDouble() * BurstHours * HourUs));
        events.Sort();
        return events;

        double Gap() => -Math.Log(1 - random.NextDouble()) / perDay;
    }

    private static NewEvent Event(long atUs) => new(
        Guid.Empty, new BodyKey(Start + atUs, default), EventType, null, "medium", null, null, null, "");
}
