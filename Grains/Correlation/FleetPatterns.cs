using EsoCore.Grains.Rules.Conditions;

namespace EsoCore.Grains.Correlation;

/// <summary>An incident that opened somewhere in the fleet and is nobody's consequence.</summary>
internal sealed record FleetOpening(
    string RuleId, string Title, Guid DeviceId, FirmwareOfModel Firmware, string? SiteId, DateTimeOffset At);

/// <summary>
/// A firmware version of a model. Versions are compared within a model: another model's devices, which the rule may not even concern,
/// would say nothing of the version.
/// </summary>
/// <param name="Version">Empty: not known.</param>
internal readonly record struct FirmwareOfModel(string Model, string Version);

/// <summary>Something that many devices have in common.</summary>
/// <param name="Devices">How many.</param>
/// <param name="Of">What they are compared with: the rest of a firmware's devices, or null where only their number speaks.</param>
internal sealed record FleetPattern(string RuleId, string Kind, DateTimeOffset Start, int Devices, double? Of, string Text);

/// <summary>
/// Finds the same rule on many devices at once, or on the devices of one firmware version far more than on the others; never at one site
/// alone, where a cause of the site's own (its mains, its network) is the likelier one. Pure: a set of openings and what is known of the
/// fleet decide.
/// </summary>
internal static class FleetPatterns
{
    /// <summary>Openings that firmware versions are compared by.</summary>
    public static readonly TimeSpan FirmwareWindow = FleetPatternCondition.MaxWithin;

    /// <summary>Sites that any pattern shows at, at least.</summary>
    public const int MinSites = 2;

    /// <summary>The probability that so many would fall on one version by chance (Fisher's exact test, one-sided), at most.</summary>
    public const double MaxChance = 1e-4;

    /// <summary>The patterns of a rule among its openings up to the latest of them.</summary>
    /// <param name="condition">What makes a pattern.</param>
    /// <param name="openings">Openings of the rule.</param>
    /// <param name="devices">
    /// Devices of each firmware version, whether anything opened on them or not; null: versions are not compared.
    /// </param>
    public static ImmutableArray<FleetPattern> Find(
        FleetPatternCondition condition, IReadOnlyCollection<FleetOpening> openings, IReadOnlyDictionary<FirmwareOfModel, int>? devices)
    {
        if (openings.Count == 0)
            return [];
        var patterns = ImmutableArray.CreateBuilder<FleetPattern>();
        var last = openings.MaxBy(o => o.At)!;
        var near = openings.Where(o => o.At >= last.At - condition.Within).ToList();
        var many = near.Select(o => o.DeviceId).Distinct().Count();
        var sites = SitesOf(near);
        if (many >= condition.Devices && sites >= MinSites)
        {
            patterns.Add(new FleetPattern(
                last.RuleId, "many", near.Min(o => o.At), many, null, FormattableString.Invariant(
                    $"{many} devices at {sites} sites within {condition.Within.TotalMinutes:0.#} minutes: {NameOf(last)}.")));
        }

        if (devices is null)
            return patterns.ToImmutable();
        var hit = HitLately(openings);
        foreach (var version in hit.Select(o => o.Firmware).Where(f => f.Version.Length > 0).Distinct()
            .OrderBy(f => f.Model, StringComparer.Ordinal).ThenBy(f => f.Version, StringComparer.Ordinal))
        {
            if (OfFirmware(condition, hit, version, devices) is { } pattern)
                patterns.Add(pattern);
        }

        return patterns.ToImmutable();
    }

    /// <summary>Whether any version has so many of these openings that it is worth knowing how many devices run each.</summary>
    public static bool MayCompare(FleetPatternCondition condition, IReadOnlyCollection<FleetOpening> openings) =>
        openings.Count >= condition.FirmwareDevices
        && HitLately(openings).Where(o => o.Firmware.Version.Length > 0).GroupBy(o => o.Firmware)
            .Any(version => version.Count() >= condition.FirmwareDevices && SitesOf(version) >= MinSites);

    /// <summary>The last opening on each device within the time that versions are compared over.</summary>
    private static List<FleetOpening> HitLately(IReadOnlyCollection<FleetOpening> openings)
    {
        var from = openings.Max(o => o.At) - FirmwareWindow;
        return [.. openings.Where(o => o.At >= from).GroupBy(o => o.DeviceId).Select(g => g.MaxBy(o => o.At)!)];
    }

    /// <summary>
    /// P(X >= hits) where X of the hits of all fall on the part by chance: the upper tail of the hypergeometric distribution, which is
    /// Fisher's exact test (R. A. Fisher, 1922).
    /// </summary>
    public static double Chance(int hits, int part, int allHits, int all)
    {
        var sum = 0.0;
        for (var k = hits; k <= Math.Min(part, allHits); k++)
            sum += Math.Exp(LogChoose(part, k) + LogChoose(all - part, allHits - k) - LogChoose(all, allHits));
        return Math.Min(sum, 1);
    }

    private static FleetPattern? OfFirmware(
        FleetPatternCondition condition, List<FleetOpening> hit, FirmwareOfModel version, IReadOnlyDictionary<FirmwareOfModel, int> devices)
    {
        var own = hit.Where(o => o.Firmware == version).ToList();
        var (hits, part) = (own.Count, Math.Max(own.Count, devices.GetValueOrDefault(version)));
        var others = hit.Count(o => o.Firmware.Model == version.Model) - hits;
        var rest = Math.Max(others, devices.Where(d => d.Key.Model == version.Model && d.Key != version).Sum(d => d.Value));
        if (hits < condition.FirmwareDevices || rest < condition.FirmwareDevices || SitesOf(own) < MinSites)
            return null;

        // Half a device more on the other side, so that a rate of none is not divided by.
        var ratio = (double)hits / part / (Math.Max(others, 0.5) / rest);
        var chance = Chance(hits, part, hits + others, part + rest);
        return ratio < condition.Ratio || chance > MaxChance ? null : new FleetPattern(
            own[0].RuleId, $"firmware {version.Version} of {version.Model}", own.Min(o => o.At), hits, rest,
            FormattableString.Invariant(
                $"{hits} of {part} {version.Model} devices with firmware {version.Version}, against {others} of {rest} with others ")
            + FormattableString.Invariant($"({ratio:0.#} times; by chance p = {chance:0.0e+0}): {NameOf(own[0])}."));
    }

    /// <summary>Sites of the openings; devices of no site count as at one.</summary>
    private static int SitesOf(IEnumerable<FleetOpening> openings) => openings.Select(o => o.SiteId).Distinct().Count();

    private static string NameOf(FleetOpening opening) =>
        opening.Title.LastIndexOf(':') is > 0 and var colon ? opening.Title[..colon] : opening.RuleId;

    private static double LogChoose(int n, int k) =>
        k < 0 || k > n ? double.NegativeInfinity : LogFactorial(n) - LogFactorial(k) - LogFactorial(n - k);

    /// <summary>Exact for small numbers, by Stirling's series beyond, where it is off by less than 1e-10.</summary>
    private static double LogFactorial(int n)
    {
        if (n > 100)
            return n * Math.Log(n) - n + 0.5 * Math.Log(2 * Math.PI * n) + 1.0 / (12.0 * n) - 1.0 / (360.0 * n * n * n);
        var sum = 0.0;
        for (var i = 2; i <= n; i++)
            sum += Math.Log(i);
        return sum;
    }
}
