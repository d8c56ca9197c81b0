using Xunit;

namespace EsoCore.Tests.Tidy;

/// <summary>
/// Files stay short enough to be read in one go. What is longer is listed in <c>long-files.txt</c> with its length, and may shrink but
/// not grow.
/// </summary>
public sealed class FileSizeTests
{
    private const int MaxLines = 400;
    private const string LongFiles = "long-files.txt";

    private static readonly string[] Kinds = [".cs", ".sql", ".js", ".css", ".html", ".cshtml", ".sh"];

    [Fact]
    public void Files_StayShort_AndLongOnesNeverGrow()
    {
        var listed = Repository.List(LongFiles).Select(l => l.Split(' ')).ToDictionary(l => l[0], l => int.Parse(l[1]));
        var lengths = Repository.Files.Where(f => Kinds.Contains(Path.GetExtension(f))).ToDictionary(f => f, f => Repository.Lines(f).Length);
        var faults = lengths
            .Where(f => f.Value > listed.GetValueOrDefault(f.Key, MaxLines))
            .Select(f => $"{f.Key} has {f.Value} lines; {listed.GetValueOrDefault(f.Key, MaxLines)} are allowed. Split it by what it does.")
            .Concat(listed
                .Where(l => lengths.GetValueOrDefault(l.Key) < l.Value)
                .Select(l => $"{l.Key} has shrunk to {lengths.GetValueOrDefault(l.Key)} lines: lower or remove its entry in {LongFiles}."));
        Assert.Empty(faults);
    }
}
