using System.Text.RegularExpressions;
using Xunit;

namespace EsoCore.Tests.Tidy;

/// <summary>
/// Time comes from a <see cref="TimeProvider"/> everywhere, so that one fake clock drives the tests. The few exceptions are listed, with
/// their reasons, in <c>allowed-symbols.txt</c>: path, symbol, reason.
/// </summary>
public sealed partial class SymbolTests
{
    private const string AllowList = "allowed-symbols.txt";

    [Fact]
    public void WallClockAndSleeps_AreUsedNowhereButWhereListed()
    {
        var allowed = Repository.List(AllowList).Select(l => l.Split(' ', 3)).ToList();
        Assert.All(allowed, entry => Assert.True(entry.Length == 3, $"'{string.Join(' ', entry)}' in {AllowList} gives no reason."));
        var found = Repository.Sources.SelectMany(Uses).ToList();
        var listed = allowed.Select(entry => (entry[0], entry[1])).ToHashSet();
        Assert.Empty(found.Where(f => !listed.Contains((f.File, f.Symbol))).Select(f => $"{f.File}:{f.Line}: {f.Symbol}"));
        Assert.Empty(listed.Except(found.Select(f => (f.File, f.Symbol))).Select(l => $"{l} is listed in {AllowList} and no longer used"));
    }

    [Theory]
    [InlineData("var a = DateTimeOffset.UtcNow;", "DateTimeOffset.UtcNow")]
    [InlineData("Thread.Sleep(1);", "Thread.Sleep")]
    [InlineData("await Task.Delay(delay);", "Task.Delay")]
    [InlineData("await Task.Delay(TimeSpan.FromSeconds(1), cancel);", "Task.Delay")]
    [InlineData("await Task.Delay(Math.Min(a, b), _time, cancel);", null)]
    [InlineData("new PeriodicTimer(period)", "PeriodicTimer")]
    [InlineData("new PeriodicTimer(period, timeProvider)", null)]
    [InlineData("Stopwatch.StartNew();", "Stopwatch")]
    public void Find_InALine_TellsTheSymbol(string line, string? symbol) => Assert.Equal(symbol, Find(line).SingleOrDefault());

    private static IEnumerable<(string File, int Line, string Symbol)> Uses(string file) =>
        Repository.Code(file)
            .Where(_ => !file.EndsWith("Tidy/SymbolTests.cs", StringComparison.Ordinal))
            .SelectMany(l => Find(l.Text).Select(symbol => (file, l.Number, symbol)))
            .Where(u => u.symbol != "Stopwatch" || !file.StartsWith("Benchmarks/", StringComparison.Ordinal));

    private static IEnumerable<string> Find(string line)
    {
        foreach (Match match in Banned().Matches(line))
            yield return match.Value;
        foreach (Match match in NeedsClock().Matches(line))
        {
            var arguments = Arguments(line, match.Index + match.Length);
            if (!Clock().IsMatch(NoClock().Replace(arguments, "")))
                yield return match.Groups["symbol"].Value;
        }
    }

    /// <summary>The text from behind an opening bracket up to the one that closes it, or to the line's end.</summary>
    private static string Arguments(string line, int start)
    {
        var depth = 1;
        for (var i = start; i < line.Length; i++)
        {
            depth += line[i] == '(' ? 1 : line[i] == ')' ? -1 : 0;
            if (depth == 0)
                return line[start..i];
        }

        return line[start..];
    }

    [GeneratedRegex(@"\bDateTime(Offset)?\.(UtcNow|Now|Today)\b|\bThread\.Sleep\b|\bStopwatch\b|\bEnvironment\.TickCount(64)?\b")]
    private static partial Regex Banned();

    [GeneratedRegex(@"\b(?<symbol>Task\.Delay)\(|\bnew (?<symbol>PeriodicTimer|Timer)\(")]
    private static partial Regex NeedsClock();

    /// <summary>Words that hold "time" and are no clock.</summary>
    [GeneratedRegex(@"TimeSpan|[Tt]imeout|InfiniteTimeSpan")]
    private static partial Regex NoClock();

    [GeneratedRegex(@"[Tt]ime|[Cc]lock")]
    private static partial Regex Clock();
}
