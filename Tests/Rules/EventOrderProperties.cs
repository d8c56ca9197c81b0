using System.Collections.Immutable;
using EsoCore.Grains.Rules;
using EsoCore.Grains.Rules.Evaluation;
using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Tests.Support;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static EsoCore.Tests.Rules.RuleSeeds;

namespace EsoCore.Tests.Rules;

/// <summary>However the events of an outage are shuffled and cut into batches, the episodes in the end are the same.</summary>
public sealed class EventOrderProperties
{
    private static readonly string[] Names =
        ["power_outage", "power_restored", "sensor_fault", "sensor_restored", "safety_edge_triggered", "connectivity_lost",
        "connectivity_restored"];

    private static readonly ImmutableArray<CompiledRule> Rules =
    [
        new("power_outage", 0, DefaultRules.All["power_outage"]),
        new("sensor_fault", 0, DefaultRules.All["sensor_fault"]),
        new("connectivity_lost", 0, DefaultRules.All["connectivity_lost"]),
        Rule("""{"type":"event","types":["safety_edge_triggered"],"count":3,"within_s":600}""", "edges"),
        Rule(
            """{"type":"event","types":["safety_edge_triggered","sensor_fault"],"count":2,"within_s":300,"same":"sensor_id"}""", "pairs"),
        Rule("""{"type":"event","types":["safety_edge_triggered"],"count":5,"within_s":600}""", "fives"),
        Rule("""{"type":"event","categories":["safety"],"restored_by":["power_restored"]}""", "any"),
        Rule("""{"type":"event","types":["power_outage"],"restored_by":["power_restored"]}""", "by_asset",
        r => r with { Subject = EsoCore.Rules.SubjectKind.Asset }),
    ];

    [Fact]
    public void Episodes_AnyOrderAndBatches_AreTheSameInTheEnd()
    {
        var events =
            from count in Gen.Choose(1, 30)
            from items in Gen.ListOf(
                from name in Gen.Elements(Names)
                from second in Gen.Choose(0, 120)
                from which in Gen.Elements("A", "B")
                select (name, Second: second * 30.0, which), count)
            from shuffled in Gen.Shuffle(items.Distinct().ToArray())
            from sizes in Gen.ListOf(Gen.Choose(1, 5), 31)
            select (Items: shuffled, Sizes: sizes.ToArray());
        Prop.ForAll(events.ToArbitrary(), told =>
        {
            var all = told.Items.Select(Make).DistinctBy(e => e.Id).ToArray();
            var once = Final(all, [all.Length]).Result;
            var cut = Final(all, told.Sizes).Result;
            var sorted = Final([.. all.OrderBy(e => e.Key.TsUs)], told.Sizes).Result;
            return Same(once, cut) && Same(once, sorted);
        }).Check(Seeded.Cases());
    }

    /// <summary>
    /// A device that was away sends stretches of time in any order, with more stored around each than is read: counts are rough then, but
    /// each episode is found, once, under one id.
    /// </summary>
    [Fact]
    public void CountedEpisodes_StretchesInAnyOrderAndMoreStoredThanIsRead_AreTheSameOnes()
    {
        var stretches =
            from count in Gen.Choose(10, 40)
            from seconds in Gen.ListOf(Gen.Choose(0, 1_800), count)
            from sizes in Gen.ListOf(Gen.Choose(1, 2), 40)
            let all = seconds.Distinct().Order().Select(s => Make(("safety_edge_triggered", s, "A"))).ToArray()
            let cut = Cut(all, [.. sizes]).ToArray()
            from shuffled in Gen.Shuffle(cut)
            select (All: all, Orders: new[] { cut, [.. cut.Reverse()], shuffled });
        Prop.ForAll(stretches.ToArbitrary(), told =>
        {
            var once = Counted(told.All, [told.All.Length], RuleLimits.MaxStoredEvents);
            return told.Orders.All(order =>
                Counted([.. order.SelectMany(s => s)], [.. order.Select(s => s.Length)], max: 8).SequenceEqual(once));
        }).Check(Seeded.Cases());

        static IEnumerable<string> Counted(NewEvent[] events, int[] sizes, int max) =>
            Final(events, sizes, max).Result.Episodes.Keys.Where(key => key.Split('/')[0] is "edges" or "fives" or "pairs");
    }

    private static IEnumerable<NewEvent[]> Cut(NewEvent[] events, int[] sizes)
    {
        for (var (at, batch) = (0, 0); at < events.Length; at += sizes[batch++ % sizes.Length])
            yield return [.. events.Skip(at).Take(sizes[batch % sizes.Length])];
    }

    private static NewEvent Make((string Name, double Second, string Which) item) => Event(
        item.Name, item.Second, item.Name.StartsWith("sensor") ? $$"""{"sensor_id":"{{item.Which}}"}""" : "", "critical",
        item.Name.StartsWith("power") ? item.Which : null, item.Name.StartsWith("safety") ? "safety" : null);

    /// <summary>The last word on every episode, the withdrawn ones left out, and which sensors are muted.</summary>
    private static async Task<(SortedDictionary<string, string> Episodes, string Muted)> Final(
        NewEvent[] events, int[] sizes, int max = RuleLimits.MaxStoredEvents)
    {
        var stores = new InMemoryStores(new FakeTimeProvider());
        var registration = Tests.Api.FakeGrains.Registration(ProjectId);
        await stores.Create(registration, new NewKey(Guid.NewGuid(), ProjectId, registration.DeviceId, default, default, Start), default);
        var (memory, rules, newest, version) = (RuleMemory.Empty, new DeviceRules(Rules), long.MinValue, 0L);
        var last = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var (at, batch) = (0, 0); at < events.Length; batch++)
        {
            NewEvent[] part = [.. events.Skip(at).Take(sizes[batch % sizes.Length])];
            at += part.Length;
            var run = new RuleRun(
                new RuleDevice(ProjectId, DeviceId, "S-1", "DOOR", null, null), rules, memory, Grains.Rules.Conditions.RatedValues.None, 0);
            var concerned = EventRules.Concerned(rules, [.. part]);
            var stored = await StoredEvents.Read(stores, 1, newest, concerned, max);
            foreach (var (rule, own) in concerned)
                EventRules.Evaluate(run, rule, own, stored.GetValueOrDefault(rule, []), Surroundings());
            await stores.Commit(
                new DeviceCommit { DeviceId = registration.DeviceId, DeviceNo = 1, ExpectedVersion = version++, Twin = default,
                Events = [.. part] }, default);
            (memory, newest) = (run.After, Math.Max(newest, part.Max(e => e.Key.TsUs)));
            foreach (var (ruleId, subject, episode, _) in run.Told)
            {
                last.Remove($"{ruleId}/{episode.EpisodeId}");
                if (episode.Count > 0)
                    last[$"{ruleId}/{episode.EpisodeId}"] = $"{subject} {Describe(episode)}";
            }
        }

        return (last, string.Join(',', memory.Mutes.Where(m => m.IsMuted).Select(m => m.Sensor).Order()));
    }

    private static string Describe(RuleEpisode e) => $"{e.Start:O} {e.End:O} {e.Count} {e.Value} {e.Limit} {e.EventId} {e.Text}";

    private static bool Same(
        (SortedDictionary<string, string> Episodes, string Muted) a, (SortedDictionary<string, string> Episodes, string Muted) b) =>
        a.Muted == b.Muted && a.Episodes.SequenceEqual(b.Episodes);
}
