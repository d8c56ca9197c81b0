namespace EsoCore.Grains.Correlation;

/// <summary>An incident that opened somewhere in the fleet and is nobody's consequence.</summary>
internal sealed record FleetOpening(string RuleId, string Title, Guid DeviceId, string Firmware, string? SiteId, DateTimeOffset At);

/// <summary>Something that many devices have in common.</summary>
/// <param name="Devices">How many.</param>
/// <param name="Of">What they are compared with: the rest of a firmware's devices, or null where only their number speaks.</param>
internal sealed record FleetPattern(string RuleId, string Kind, DateTimeOffset Start, int Devices, double? Of, string Text);

/// <summary>
/// Finds the same rule on many devices at once, or on the devices of one firmware version far more than on the others. Pure: a set of
/// openings and what is known of the fleet decide.
/// </summary>
internal static class FleetPatterns
{
    /// <summary>Openings this near to each other belong together.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>Openings that firmware versions are compared by.</summary>
    public static readonly TimeSpan FirmwareWindow = TimeSpan.FromHours(24);

    /// <summary>Devices that make a pattern by their number alone, at two sites or more.</summary>
    public const int ManyDevices = 10;

    /// <summary>Devices of one version that are compared at all.</summary>
    public const int FewDevices = 5;

    /// <summary>How many times the rate of the other versions.</summary>
    public const double MinRatio = 3;

    /// <summary>The probability that so many would fall on one version by chance (Fisher's exact test, one-sided), at most.</summary>
    public const double MaxChance = 1e-4;

    /// <summary>The patterns of a rule among its openings up to the latest of them.</summary>
    /// <param name="openings">Openings of the rule.</param>
    /// <param name="devices">Devices known of each firmware version, those of the openings included.</param>
    public static ImmutableArray<FleetPattern> Find(IReadOnlyCollection<FleetOpening> openings, IReadOnlyDictionary<string, int> devices)
    {
        if (openings.Count == 0)
            return [];
        var patterns = ImmutableArray.CreateBuilder<FleetPattern>();
        var last = openings.MaxBy(o => o.At)!;
        var near = openings.Where(o => o.At >= last.At - Window).ToList();
        var many = near.Select(o => o.DeviceId).Distinct().Count();
        var sites = near.Select(o => o.SiteId).Distinct().Count();
        if (many >= ManyDevices && sites > 1)
        {
            patterns.Add(new FleetPattern(
                last.RuleId, "many", near.Min(o => o.At), many, null,
                FormattableString.Invariant($"{many} devices at {sites} sites within {Window.TotalMinutes:0} minutes: {NameOf(last)}.")));
        }

        var recent = openings.Where(o => o.At >= last.At - FirmwareWindow).ToList();
        foreach (var version in recent.Select(o => o.Firmware).Where(f => f.Length > 0).Distinct().Order(StringComparer.Ordinal))
        {
            if (OfFirmware(recent, version, devices) is { } pattern)
                patterns.Add(pattern);
        }

        return patterns.ToImmutable();
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

    private static FleetPattern? OfFirmware(List<FleetOpening> openings, string version, IReadOnlyDictionary<string, int> devices)
    {
        var hit = openings.GroupBy(o => o.DeviceId).Select(g => g.MaxBy(o => o.At)!).ToList();
        var own = hit.Where(o => o.Firmware == version).ToList();
        var (hits, part) = (own.Count, Math.Max(own.Count, devices.GetValueOrDefault(version)));
        var others = hit.Count - hits;
        var rest = Math.Max(others, devices.Where(d => d.Key != version).Sum(d => d.Value));
        if (hits < FewDevices || rest < FewDevices)
            return null;

        // Half a device more on the other side, so that a rate of none is not divided by.
        var ratio = (double)hits / part / (Math.Max(others, 0.5) / rest);
        var chance = Chance(hits, part, hits + others, part + rest);
        return ratio < MinRatio || chance > MaxChance ? null : new FleetPattern(
            own[0].RuleId, $"firmware {version}", own.Min(o => o.At), hits, rest,
            FormattableString.Invariant(
                $"{hits} of {part} devices with firmware {version}, against {others} of {rest} with others ({ratio:0.#} times; by chance p = {chance:0.0e+0}): {NameOf(own[0])}."));
    }

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
