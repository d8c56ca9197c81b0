using System.Text.Json;
using EsoCore.Device;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Device;

public sealed class MachineSimulatorTests
{
    private static readonly DateTimeOffset Start = new(2025, 1, 15, 8, 0, 0, TimeSpan.Zero);

    public static TheoryData<MachineKind> Kinds => new(Enum.GetValues<MachineKind>());

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AdvanceTo_SameSeed_GivesTheSameRecordsHoweverTimeIsCut(MachineKind kind)
    {
        var hour = TimeSpan.FromHours(1); // Long enough for a fault and an outage.
        var whole = Run(kind, 7, hour, hour, rate: 3);
        Assert.Equal(whole, Run(kind, 7, hour, TimeSpan.FromSeconds(3.7), rate: 3));
        Assert.NotEqual(whole, Run(kind, 8, hour, hour, rate: 3));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AdvanceTo_ThreeHours_GivesFewStableSeriesWithRisingTimes(MachineKind kind)
    {
        var records = Parse(Run(kind, 3, TimeSpan.FromHours(3), TimeSpan.FromSeconds(5)));
        var points = records.Where(r => r.TryGetProperty("val", out var v) && v.ValueKind == JsonValueKind.Number).ToList();
        var series = points.GroupBy(r => $"{r.GetProperty("series")}|{r.GetProperty("unit")}|{r.GetProperty("meta")}").ToList();
        Assert.InRange(series.Count, 8, 9);
        Assert.All(series, s => Assert.Equal(s.Count(), s.Select(r => r.GetProperty("ts").GetDateTimeOffset()).Distinct().Count()));
        var times = records.Select(r => r.GetProperty("ts").GetDateTimeOffset()).ToList();
        Assert.Equal(times.Order(), times);
        // Outages and faults cost a few of 10 a second.
        Assert.InRange(points.Count, 95_000, 108_000);
        Assert.InRange(records.Count(r => r.TryGetProperty("stats", out _)), 900, 1_080);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void AdvanceTo_SixHours_TellsCyclesFaultsAndOutagesInOrder(MachineKind kind)
    {
        var events = Parse(Run(kind, 5, TimeSpan.FromHours(6), TimeSpan.FromSeconds(5), rate: 0.5)).Where(r => r.TryGetProperty("val", out var v) && v.ValueKind == JsonValueKind.Null).ToList();
        Assert.All(events, e =>
        {
            Assert.True(KnownEvents.TryFind(e.GetProperty("series").GetString()!, out var known));
            Assert.Equal(known.Category, e.GetProperty("meta").GetProperty("event_type").GetString());
        });
        var names = events.Select(e => e.GetProperty("series").GetString()!).ToList();
        string[] sequence = ["power_outage", "connectivity_lost", "connectivity_restored", "power_restored"];
        var outages = names.Where(sequence.Contains).ToList();
        Assert.True(outages.Count >= 4);
        Assert.All(outages.Select((name, i) => (name, i)), x => Assert.Equal(sequence[x.i % 4], x.name));
        Assert.Contains(names, n => n is "over_torque" or "sensor_fault" or "safety_edge_triggered" or "asset_obstruction" or "light_curtain_breach" or "low_voltage");

        var cycles = events.Where(e => e.GetProperty("series").GetString() is "cycle_open" or "cycle_close").ToList();
        Assert.True(cycles.Count > 20);
        var opened = new Dictionary<string, DateTimeOffset>();
        foreach (var cycle in cycles)
        {
            var meta = cycle.GetProperty("meta");
            var id = meta.GetProperty("cycle_id").GetString()!;
            var at = cycle.GetProperty("ts").GetDateTimeOffset();
            if (cycle.GetProperty("series").GetString() == "cycle_open")
            {
                opened.Add(id, at);
                continue;
            }

            Assert.True(opened.Remove(id, out var openedAt));
            Assert.Equal((at - openedAt).TotalMilliseconds, meta.GetProperty("duration_ms").GetDouble(), 1.0);
            Assert.True(!meta.TryGetProperty("peak_torque_nm", out var torque) || torque.GetDouble() > 0);
        }

        Assert.InRange(opened.Count, 0, 1); // An outage breaks cycles off, and none of them stays open.
    }

    [Fact]
    public void AdvanceTo_AfterARunThatLeftACycleOpen_ClosesItFirst()
    {
        var left = new OpenCycle("DOOR-1-67877680-3", Start.AddSeconds(-90));
        var machine = new MachineSimulator(new MachineOptions
        {
            Kind = MachineKind.Door, DeviceId = "D1", SiteId = "main-hall", AssetId = "DOOR-1", Seed = 5, Start = Start, LeftOpen = left,
        });
        Assert.Equal(left, machine.OpenCycle);
        var records = new List<string>();
        machine.AdvanceTo(Start, (record, _) => records.Add(System.Text.Encoding.UTF8.GetString(record)));

        var close = Parse(records)[0];
        Assert.Equal("cycle_close", close.GetProperty("series").GetString());
        Assert.Equal("DOOR-1-67877680-3", close.GetProperty("meta").GetProperty("cycle_id").GetString());
        Assert.Equal(90_000.0, close.GetProperty("meta").GetProperty("duration_ms").GetDouble());
        Assert.Null(machine.OpenCycle);
    }

    [Fact]
    public void AdvanceTo_DuringAnOutage_IsDisconnectedAndMeasuresOnlyTheClimate()
    {
        var machine = Make(MachineKind.Door, 5, 10);
        var during = new List<string>();
        for (var second = 0; second < 6 * 3_600; second++)
        {
            var before = machine.IsConnected;
            machine.AdvanceTo(Start.AddSeconds(second), (record, _) =>
            {
                if (!before && !machine.IsConnected)
                    during.Add(JsonDocument.Parse(record.ToArray()).RootElement.GetProperty("series").GetString()!);
            });
        }

        Assert.True(machine.IsConnected);
        Assert.NotEmpty(during);
        Assert.All(during, name => Assert.Contains(name, (string[])["temp_ambient", "humidity_ambient"]));
    }

    [Fact]
    public void AdvanceTo_SamplingTurnedDown_ThinsEverySeriesAlike()
    {
        Dictionary<string, int> Count(double scale)
        {
            var machine = Make(MachineKind.Door, 5, 100);
            machine.SamplingScale = scale;
            var counts = new Dictionary<string, int>();
            machine.AdvanceTo(Start.AddSeconds(50), (record, _) =>
            {
                var root = JsonDocument.Parse(record.ToArray()).RootElement;
                var series = root.GetProperty("series").GetString()!;
                if (root.TryGetProperty("val", out var value) && value.ValueKind == JsonValueKind.Number)
                    counts[series] = counts.GetValueOrDefault(series) + 1;
            });
            return counts;
        }

        var (all, quarter) = (Count(1), Count(0.25));
        Assert.Equal(all.Keys.Order(), quarter.Keys.Order());
        Assert.All(all, series => Assert.InRange(quarter[series.Key], series.Value / 4 - 1, series.Value / 4 + 1));
    }

    [Fact]
    public void AdvanceTo_CriticalEvents_AreMarkedSo()
    {
        var critical = new HashSet<string>();
        Make(MachineKind.Door, 5, 0.5).AdvanceTo(Start.AddHours(6), (record, priority) =>
        {
            if (priority == RecordPriority.Critical)
                critical.Add(JsonDocument.Parse(record.ToArray()).RootElement.GetProperty("series").GetString()!);
        });
        Assert.Contains("power_outage", critical);
        Assert.DoesNotContain("cycle_open", critical);
        Assert.DoesNotContain("temp_ambient", critical);
    }

    [Fact]
    public void AdvanceTo_OneDay_IsWarmerInTheAfternoon()
    {
        var byHour = new Dictionary<int, List<double>>();
        Make(MachineKind.Door, 1, 0.2).AdvanceTo(Start.AddDays(1), (record, _) =>
        {
            var r = JsonDocument.Parse(record.ToArray()).RootElement;
            if (r.GetProperty("series").GetString() == "temp_ambient")
            {
                var hour = r.GetProperty("ts").GetDateTimeOffset().Hour;
                if (!byHour.TryGetValue(hour, out var values))
                    byHour[hour] = values = [];
                values.Add(r.GetProperty("val").GetDouble());
            }
        });
        Assert.True(byHour[15].Average() > byHour[3].Average() + 6);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(10_001)]
    [InlineData(double.NaN)]
    public void Make_RateOutOfBounds_IsRefused(double rate) => Assert.Throws<ArgumentOutOfRangeException>(() => Make(MachineKind.Door, 1, rate));

    private static MachineSimulator Make(MachineKind kind, int seed, double rate) =>
        new(new MachineOptions { Kind = kind, DeviceId = "D1", SiteId = "main-hall", AssetId = "DOOR-1", Seed = seed, Start = Start, PointsPerSecond = rate });

    private static List<string> Run(MachineKind kind, int seed, TimeSpan length, TimeSpan step, double rate = 10)
    {
        var machine = Make(kind, seed, rate);
        var records = new List<string>();
        for (var at = TimeSpan.Zero; at < length;)
        {
            at = at + step < length ? at + step : length;
            machine.AdvanceTo(Start + at, (record, _) => records.Add(System.Text.Encoding.UTF8.GetString(record)));
        }

        return records;
    }

    private static List<JsonElement> Parse(IEnumerable<string> records) => [.. records.Select(r => JsonDocument.Parse(r).RootElement)];
}
