using System.Xml.Linq;
using Xunit;

namespace EsoCore.Tests.Tidy;

/// <summary>The arrows between the rooms run one way, and the grains know no engine.</summary>
public sealed class RoomTests
{
    private const string Generators = "Runtime.Generators";

    /// <summary>Which room may use which; ARCHITECTURE.md explains the table. Benchmarks and Tests may use all.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Wire"] = [],
        ["Runtime"] = [],
        [Generators] = [],
        ["Grains.Interfaces"] = ["Runtime"],
        ["Grains"] = ["Grains.Interfaces", "Wire"],
        ["Api"] = ["Grains.Interfaces", "Wire"],
        ["Device"] = ["Wire"],
        ["Silo"] = ["Api", "Device", "Grains", "Grains.Interfaces", "Runtime", "Wire"],
    };

    private static readonly string[] Free = ["Benchmarks", "Tests"];

    [Fact]
    public void Rooms_UseOnlyWhatTheTableAllows()
    {
        var faults = new List<string>();
        foreach (var project in Projects())
        {
            foreach (var reference in References(project))
            {
                var isAnalyzer = reference.Attribute("OutputItemType")?.Value == "Analyzer";
                var target = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'));
                if (target == Generators ? !isAnalyzer : !Free.Contains(project) && !Allowed[project].Contains(target))
                    faults.Add($"{project} uses {target}{(target == Generators ? " other than as an analyzer" : "")}");
            }
        }

        Assert.Empty(faults);
    }

    [Fact]
    public void Rooms_AreAllInTheTable() =>
        Assert.Equal(Allowed.Keys.Concat(Free).Order(StringComparer.Ordinal), Projects().Order(StringComparer.Ordinal));

    [Fact]
    public void Wire_KnowsNothingButTheFramework() =>
        Assert.Empty(Project("Wire").Descendants("PackageReference").Select(r => r.Attribute("Include")!.Value));

    [Fact]
    public void Grains_NameNoEngine()
    {
        string[] engines = ["EsoCore.Runtime", "Orleans"];
        var faults = GrainSources()
            .Where(f => !Path.GetFileName(f).EndsWith("Usings.cs", StringComparison.Ordinal))
            .SelectMany(f => Repository.Code(f).Where(l => engines.Any(l.Text.Contains)).Select(l => $"{f}:{l.Number}: {l.Text.Trim()}"));
        Assert.Empty(faults);
        Assert.Equal(
            ["BuiltInUsings.cs", "BuiltInUsings.cs", "GlobalUsings.cs", "GlobalUsings.cs", "OrleansUsings.cs", "OrleansUsings.cs"],
            GrainSources().Select(f => Path.GetFileName(f)).Where(f => f.EndsWith("Usings.cs", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void DefaultBuild_MentionsNoPackageOfOrleans()
    {
        string[] kinds = [".csproj", ".props", ".targets"];
        var shared = Repository.Files
            .Where(f => kinds.Contains(Path.GetExtension(f)) && !f.Contains(".Orleans.", StringComparison.Ordinal)).ToList();
        Assert.DoesNotContain(shared, f => Repository.Read(f).Contains("Microsoft.Orleans", StringComparison.Ordinal));
        var imports = shared.SelectMany(f => XDocument.Load(Repository.PathOf(f)).Descendants("Import")).ToList();
        Assert.Equal(3, imports.Count);
        Assert.All(imports, import => Assert.Equal("'$(GrainEngine)' == 'Orleans'", import.Attribute("Condition")?.Value));
    }

    [Fact]
    public void Grains_HaveNoConditionalsNorLeaveTheirTurn()
    {
        string[] banned = ["#if", "Task.Run(", "ConfigureAwait(false)", "Task.Factory.StartNew(", "ThreadPool.", "new Thread("];
        var faults = GrainSources()
            .SelectMany(f => Repository.Code(f)
                .Where(l => banned.Any(l.Text.Replace("{{#if", "").Contains)) // A message's template has conditions of its own.
                .Select(l => $"{f}:{l.Number}: {l.Text.Trim()}"));
        Assert.Empty(faults);
    }

    [Fact]
    public void SqlFiles_AreEmbedded()
    {
        foreach (var sql in Repository.Files.Where(f => f.EndsWith(".sql", StringComparison.Ordinal)))
        {
            var room = sql.Split('/')[0];
            var patterns = Project(room).Descendants("EmbeddedResource").Select(e => e.Attribute("Include")!.Value.Replace('\\', '/'));
            Assert.True(patterns.Any(p => Matches(sql[(room.Length + 1)..], p)), $"{sql} is not embedded by {room}.csproj.");
        }
    }

    private static IEnumerable<string> GrainSources() => Repository.Sources.Where(
        f => f.StartsWith("Grains/", StringComparison.Ordinal) || f.StartsWith("Grains.Interfaces/", StringComparison.Ordinal));

    private static IEnumerable<string> Projects() =>
        Repository.Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal)).Select(f => Path.GetFileNameWithoutExtension(f));

    private static XDocument Project(string name) => XDocument.Load(Repository.PathOf($"{name}/{name}.csproj"));

    private static IEnumerable<XElement> References(string project) => Project(project).Descendants("ProjectReference");

    /// <summary>Whether a path fits a pattern of the form <c>folder/**/*.sql</c>.</summary>
    private static bool Matches(string path, string pattern)
    {
        var folder = pattern.Contains("**", StringComparison.Ordinal) ? pattern[..pattern.IndexOf("**", StringComparison.Ordinal)] : "";
        return pattern.EndsWith("*.sql", StringComparison.Ordinal)
            ? path.StartsWith(folder, StringComparison.Ordinal)
            : path == pattern;
    }
}
