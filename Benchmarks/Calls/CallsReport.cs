using System.Globalization;
using System.Text;
using EsoCore.Benchmarks.Engine;

namespace EsoCore.Benchmarks.Calls;

/// <summary>The result of the calls benchmark as a document.</summary>
internal sealed record CallsReport(
    int Silos, TimeSpan Duration, int Rounds, int Targets, List<LoadResult> Calls, List<LoadResult> Sockets)
{
    /// <summary>
    /// Orleans, silo to silo on a machine of two cores, as quoted in the issue that asked for this: calls per second by callers.
    /// </summary>
    private static readonly Dictionary<int, (double Low, double High)> s_quoted =
        new() { [1] = (22_000, 25_000), [16] = (105_000, 105_000), [256] = (150_000, 150_000) };

    /// <summary>The document; the date stands in it only if it is given.</summary>
    public string Write(string? date)
    {
        var text = new StringBuilder();
        text.AppendLine("# Calls between silos").AppendLine();
        text.AppendLine($"`dotnet run -c Release --project Benchmarks -- calls --silos {Silos}`").AppendLine();
        text.Append($"{Machine.Describe()}.").AppendLine(date is null ? "" : $" {date}.").AppendLine();
        text.AppendLine(
            $"{Silos} silos in one process, connected over TCP on the loopback as processes would be. Callers on the first call one grain "
            + $"of the others after the other, chosen at random from {Count(Targets)}, each waiting for the answer: {Rounds} rounds of "
            + $"{Count(Duration.TotalSeconds)} s, calls and baseline in turn, after a warm-up.");
        text.AppendLine("Rates are the median round's, with the best round's in brackets; waits are over all rounds.");
        text.AppendLine(
            $"The baseline, measured in the same run, is bare sockets: a connection per caller, {LoopbackEcho.MessageBytes} bytes there "
            + "and back, nothing parsed, shared or batched. Orleans' figures are quoted from the issue, not measured in this run.");
        text.AppendLine("\"Cores got\" is the time the process got from the machine, which others used as well.").AppendLine();
        text.Append("| in flight | calls/s | bare sockets | ratio | Orleans (quoted) | ratio | cores got | sockets ");
        text.AppendLine("| CPU us/call | sockets | bytes/call |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|");
        foreach ((LoadResult own, LoadResult other) in Calls.Zip(Sockets))
        {
            (double low, double high) = s_quoted[own.Callers];
            text.AppendLine(
                $"| {Count(own.Callers)} | {Count(own.CallsPerSecond)} ({Count(own.BestCallsPerSecond)}) "
                + $"| {Count(other.CallsPerSecond)} ({Count(other.BestCallsPerSecond)}) "
                + $"| {Ratio(own.CallsPerSecond / other.CallsPerSecond)} "
                + $"| {Count(low)}{(low < high ? $"-{Count(high)}" : "")} | {Ratio(own.CallsPerSecond / high)} | {Ratio(own.Cores)} "
                + $"| {Ratio(other.Cores)} | {Ratio(own.CpuMicrosecondsPerCall)} | {Ratio(other.CpuMicrosecondsPerCall)} "
                + $"| {Count(own.BytesPerCall)} |");
        }

        text.AppendLine().AppendLine("| in flight | who | wait p50 ms | p99 ms | p99.9 ms | longest ms |");
        text.AppendLine("|---|---|---|---|---|---|");
        foreach ((LoadResult own, LoadResult other) in Calls.Zip(Sockets))
        {
            Waits(text, own, "calls");
            Waits(text, other, "sockets");
        }

        return text.ToString();
    }

    private static void Waits(StringBuilder text, LoadResult result, string who)
    {
        IEnumerable<string> shares = new[] { 0.5, 0.99, 0.999 }.Select(share => Wait(result.Waits.PercentileMs(share)));
        text.AppendLine($"| {Count(result.Callers)} | {who} | {string.Join(" | ", shares)} | {Wait(result.Waits.LongestMs)} |");
    }

    private static string Count(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Wait(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
