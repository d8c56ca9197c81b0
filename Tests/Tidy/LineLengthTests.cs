using Xunit;

namespace EsoCore.Tests.Tidy;

/// <summary>
/// Lines fit the width that <c>.editorconfig</c> names. Files with longer lines are listed in <c>long-lines.txt</c> with their number, which
/// may shrink but not grow.
/// </summary>
public sealed class LineLengthTests
{
    private const int MaxColumns = 140;
    private const string LongLines = "long-lines.txt";
    private const string Heading = "# Files with lines of more than 140 columns, and how many: it may shrink, never grow.";

    private static readonly string[] Kinds = [".cs", ".sql", ".sh"];

    [Fact]
    public void Lines_FitTheWidth_AndLongOnesNeverBecomeMore()
    {
        var counts = Repository.Files.Where(f => Kinds.Contains(Path.GetExtension(f)))
            .Select(f => (File: f, Count: Repository.Lines(f).Count(l => l.Length > MaxColumns)))
            .Where(f => f.Count > 0).ToDictionary(f => f.File, f => f.Count);
        if (Repository.UpdatesBaselines)
            File.WriteAllLines(
                Repository.PathOf($"Tests/Tidy/{LongLines}"),
                counts.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key} {f.Value}").Prepend(Heading));

        var listed = Repository.List(LongLines).Select(l => l.Split(' ')).ToDictionary(l => l[0], l => int.Parse(l[1]));
        Assert.Empty(counts
            .Where(f => f.Value > listed.GetValueOrDefault(f.Key))
            .Select(f => $"{f.Key} has {f.Value} lines over {MaxColumns} columns; {listed.GetValueOrDefault(f.Key)} are allowed."));
    }
}
