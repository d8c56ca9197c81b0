using System.Globalization;
using System.Text;

namespace EsoCore.Benchmarks.Engine;

/// <summary>The result of the engine benchmark as a document.</summary>
internal sealed record EngineReport(
    TimeSpan Duration, int Rounds, int Targets, int IdleGrains, List<LoadResult> Engine, List<LoadResult> Baseline, double BytesPerIdleGrain)
{
    private const double QuotedBytesPerIdleGrain = 1_786;

    /// <summary>Orleans main on a machine of two cores, as quoted in the issue that asked for this engine: calls per second by callers.</summary>
    private static readonly Dictionary<int, (double Low, double High)> s_quoted =
        new() { [1] = (175_000, 245_000), [16] = (480_000, 690_000), [256] = (480_000, 650_000) };

    /// <summary>The document; the date stands in it only if it is given.</summary>
    public string Write(string? date)
    {
        var text = new StringBuilder();
        text.AppendLine("# Engine").AppendLine();
        text.AppendLine("`dotnet run -c Release --project Benchmarks -- engine`").AppendLine();
        text.Append($"{Machine.Describe()}.").AppendLine(date is null ? "" : $" {date}.").AppendLine();
        text.AppendLine(
            $"Callers call one grain after the other, chosen at random from {Count(Targets)}, each waiting for the answer: {Rounds} rounds of "
            + $"{Count(Duration.TotalSeconds)} s, engine and baseline in turn, after a warm-up.");
        text.AppendLine("Rates are the median round's, with the best round's in brackets; waits are over all rounds.");
        text.AppendLine("The baseline, measured in the same run, is a `Channel<T>` per actor with a completion source per answer.");
        text.AppendLine("Orleans' figures are quoted from the issue, not measured in this run.");
        text.AppendLine("\"Cores got\" is the time the process got from the machine, which others used as well; CPU per call depends least on them.");
        text.AppendLine();
        Calls(text);
        Waits(text);
        Memory(text);
        return text.ToString();
    }

    private void Calls(StringBuilder text)
    {
        text.AppendLine("| callers | calls/s | baseline | ratio | Orleans (quoted) | ratio | cores got | baseline | CPU us/call | baseline | bytes/call | baseline |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach ((LoadResult own, LoadResult other) in Engine.Zip(Baseline))
        {
            (double low, double high) = s_quoted[own.Callers];
            Row(
                text,
                Count(own.Callers),
                $"{Count(own.CallsPerSecond)} ({Count(own.BestCallsPerSecond)})",
                $"{Count(other.CallsPerSecond)} ({Count(other.BestCallsPerSecond)})",
                Ratio(own.CallsPerSecond / other.CallsPerSecond),
                $"{Count(low)}-{Count(high)}",
                $"{Ratio(own.CallsPerSecond / high)}-{Ratio(own.CallsPerSecond / low)}",
                Ratio(own.Cores),
                Ratio(other.Cores),
                Ratio(own.CpuMicrosecondsPerCall),
                Ratio(other.CpuMicrosecondsPerCall),
                Count(own.BytesPerCall),
                Count(other.BytesPerCall));
        }
    }

    private void Waits(StringBuilder text)
    {
        text.AppendLine().AppendLine("| callers | who | wait p50 ms | p99 ms | p99.9 ms | longest ms |");
        text.AppendLine("|---|---|---|---|---|---|");
        foreach ((LoadResult own, LoadResult other) in Engine.Zip(Baseline))
        {
            foreach ((LoadResult result, string who) in new[] { (own, "engine"), (other, "baseline") })
            {
                WaitHistogram waits = result.Waits;
                IEnumerable<string> shares = new[] { 0.5, 0.99, 0.999 }.Select(share => Wait(waits.PercentileMs(share)));
                Row(text, [Count(result.Callers), who, .. shares, Wait(waits.LongestMs)]);
            }
        }
    }

    private void Memory(StringBuilder text)
    {
        text.AppendLine().AppendLine("| memory | engine | Orleans (quoted) | ratio |");
        text.AppendLine("|---|---|---|---|");
        string what = $"bytes per idle grain, of {Count(IdleGrains)}";
        Row(text, what, Count(BytesPerIdleGrain), Count(QuotedBytesPerIdleGrain), Ratio(BytesPerIdleGrain / QuotedBytesPerIdleGrain));
    }

    private static void Row(StringBuilder text, params string[] cells) => text.AppendLine($"| {string.Join(" | ", cells)} |");

    private static string Count(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Wait(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
