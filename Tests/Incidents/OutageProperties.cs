using EsoCore.Correlation;
using EsoCore.Grains.Correlation;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules;
using EsoCore.Incidents;
using EsoCore.Rules;
using Xunit;
using static EsoCore.Tests.Incidents.Episodes;

namespace EsoCore.Tests.Incidents;

/// <summary>The events of one outage make one tree of incidents, in whatever order and portions they come.</summary>
public sealed class OutageProperties
{
    private const int Shuffles = 300;

    [Fact]
    public void OneOutage_InAnyOrderAndAnyPortions_MakesTheSameTree()
    {
        var expected = Tree(Play(Outage(), new Random(0), shuffle: false));
        Assert.Equal(9, expected.Count);
        var power = expected.Single(i => i.Rule == "power_outage");
        Assert.Equal((null, IncidentStatus.Resolved, 2), (power.Cause, power.Status, power.Count));
        Assert.Equal(8, expected.Count(i => i.Cause is not null));
        Assert.Equal("connectivity_lost", expected.Single(i => i.Id == expected.Single(e => e.Rule == "sync_failed").Cause).Rule);
        for (var seed = 1; seed <= Shuffles; seed++)
            Assert.Equal(expected, Tree(Play(Outage(), new Random(seed), shuffle: true)));
    }

    [Fact]
    public void OneOutage_WhileItGoesOn_TellsPeopleOfItsRootAlone()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var world = new World();
            foreach (var episode in Shuffled([.. Outage()
                .Where(e => e.Cause is "power_outage" or "connectivity_lost" or "device_offline" or "backup_activated")
                .Select(e => e with { End = null, HoldFor = TimeSpan.Zero })], new Random(seed)))
                world.Take([episode]);
            world.Wait(TimeSpan.FromMinutes(1));
            Assert.Equal(["power_outage"], world.Told.Distinct());
        }
    }

    [Fact]
    public void ManyDevicesOfASite_LostTogether_BelongToTheSitesIncident()
    {
        var episodes = Enumerable.Range(0, 20).SelectMany(i =>
        {
            var device = WorkIds.Of("device", i);
            return new[]
            {
                Episode("connectivity_lost", i * 0.1, 60, device: device), Episode("device_offline", 1 + i * 0.1, 61, device: device),
                Episode("site_devices_lost", 1 + i * 0.1, 61, device: device) with { Cause = "device_offline", Meta = "{}" },
            };
        }).ToList();
        var expected = Tree(Play(episodes, new Random(0), shuffle: false));
        var site = expected.Single(i => i.Rule == "site_devices_lost");
        Assert.Equal((null, 20), (site.Cause, site.Count));
        Assert.Equal(20, expected.Count(i => i.Cause == site.Id && i.Rule == "connectivity_lost"));
        Assert.All(expected.Where(i => i.Rule == "device_offline"), i => Assert.NotNull(i.Cause));
        for (var seed = 1; seed <= 20; seed++)
            Assert.Equal(expected, Tree(Play(episodes, new Random(seed), shuffle: true)));
    }

    /// <summary>A device without power for two hours, three days ago, with a short second outage after it.</summary>
    private static List<RuleEpisode> Outage() =>
    [
        Episode("low_voltage", -0.5, 120), Episode("power_outage", 0, 120, severity: "critical"),
        Episode("backup_activated", 0.1, 120, severity: "medium"),
        Episode("connectivity_lost", 0.2, 122, holdMinutes: 5), Blip("sync_failed", 1), Blip("sync_failed", 6), Blip("sync_failed", 11),
        Blip("supercap_low", 20, "high"), Episode("safe_shutdown_initiated", 25, 121), Episode("device_offline", 26, 122),
        Blip("sd_error", 122, "high"),
        Episode("power_outage", 130, 131, severity: "critical"), Episode("low_voltage", 129.8, 131),
        Episode("connectivity_lost", 130, 133, holdMinutes: 5),
    ];

    /// <summary>Plays episodes, some of them first told while they still held.</summary>
    private static World Play(List<RuleEpisode> episodes, Random random, bool shuffle)
    {
        var left = shuffle ? Shuffled(episodes, random) : episodes;
        var world = new World();
        for (var at = 0; at < left.Count;)
        {
            var portion = left.GetRange(at, shuffle ? Math.Min(random.Next(1, 5), left.Count - at) : 1);
            at += portion.Count;
            world.Take(portion);
            if (shuffle && random.Next(3) == 0)
                world.Wait(TimeSpan.FromSeconds(random.Next(60)));
        }

        world.Wait(TimeSpan.FromHours(30));
        return world;
    }

    private static List<RuleEpisode> Shuffled(List<RuleEpisode> episodes, Random random)
    {
        var shuffled = episodes.ToArray();
        random.Shuffle(shuffled);
        var told = new List<RuleEpisode>();
        foreach (var episode in shuffled)
        {
            // What is told anew is told in order: a device's stream never swaps.
            if (episode.Lasts && episode.HoldFor == TimeSpan.Zero && random.Next(2) == 0)
                told.Insert(random.Next(told.Count + 1), episode with { End = null });
            told.Add(episode);
        }

        return told;
    }

    private static List<Leaf> Tree(World world) =>
        [.. world.Incidents.Select(i =>
            new Leaf(i.Id, i.RuleId, i.Subject, i.Status, i.CauseId, i.Count, i.Consequences, i.Severity, i.StartedAt, i.EndedAt))
            .OrderBy(l => l.Id)];

    private sealed record Leaf(
        Guid Id, string Rule, string Subject, IncidentStatus Status, Guid? Cause, int Count, int Consequences, string Severity,
        DateTimeOffset Start,
        DateTimeOffset? End);

    /// <summary>Incident machines of several rules and devices, and the correlation between them.</summary>
    private sealed class World
    {
        private readonly SortedDictionary<string, MachineHarness> _machines = new(StringComparer.Ordinal);
        private readonly Dictionary<Guid, Incident> _known = [];
        private DateTimeOffset _now = Ten.AddDays(3);

        public IEnumerable<Incident> Incidents => _machines.Values.SelectMany(m => m.Incidents).Where(i => i.Count > 0);

        public IEnumerable<string> Told => _machines.Values.SelectMany(m => m.Notices).Select(n => n.Incident.RuleId);

        public void Take(IEnumerable<RuleEpisode> episodes)
        {
            foreach (var episode in episodes)
            {
                // The rule about a site tells of devices that are offline; its episodes are known by their meta.
                var isSite = episode.Meta.Length > 0;
                var (rule, subject) = isSite ? ("site_devices_lost", new SubjectKey(SubjectKind.Site, "HALL"))
                    : (episode.Cause, SubjectKey.Device(episode.Source.DeviceId));
                Of(rule, subject, isSite).Take(episode);
                Settle();
            }
        }

        public void Wait(TimeSpan time)
        {
            var until = _now + time;
            while (_machines.Values.Select(m => m.NextDue).Where(d => d <= until).Min() is { } due)
            {
                _now = due > _now ? due : _now;
                foreach (var machine in _machines.Values.Where(m => m.NextDue <= _now).ToList())
                    machine.WakeAt(_now);
                Settle();
            }

            _now = until;
            foreach (var machine in _machines.Values)
                machine.WakeAt(_now);
            Settle();
        }

        private MachineHarness Of(string rule, SubjectKey subject, bool isSite)
        {
            if (_machines.TryGetValue($"{rule}/{subject}", out var machine))
                return machine;
            var definition = Rule(Notify("team:a")) with { Name = rule, Subject = subject.Kind };
            machine = new MachineHarness(definition, subject, isSite ? new DevicesLimit(10, TimeSpan.FromMinutes(5)) : null,
                rule) { Now = _now };
            machine.Correlation = Judge;
            return _machines[$"{rule}/{subject}"] = machine;
        }

        private CauseVerdict Judge(Incident incident)
        {
            _known[incident.Id] = incident;
            return CauseFinder.Judge(_known.Values, _now)[incident.Id];
        }

        /// <summary>Tells those whose verdict changed, until none does.</summary>
        private void Settle()
        {
            foreach (var machine in _machines.Values)
                machine.Now = _now;
            for (var changed = true; changed;)
            {
                foreach (var gone in _known.Keys.Except(_machines.Values.SelectMany(m => m.Incidents).Select(i => i.Id)).ToList())
                    _known.Remove(gone);
                changed = false;
                var verdicts = CauseFinder.Judge(_known.Values, _now);
                foreach (var machine in _machines.Values)
                {
                    foreach (var record in machine.State.Incidents.Where(r => verdicts.TryGetValue(r.View.Id, out var v)
                        && v with { RecheckAt = v.RecheckAt ?? r.Verdict?.RecheckAt } != r.Verdict)
                        .ToList())
                    {
                        machine.Judge(verdicts[record.View.Id]);
                        changed = true;
                    }
                }
            }
        }
    }
}
