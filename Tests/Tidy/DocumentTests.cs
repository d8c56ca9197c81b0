using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using EsoCore.Api;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Tidy;

/// <summary>Documents that nobody checks drift: every path and command that they name exists.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] Documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "deploy/README.md", "Benchmarks/README.md"];

    private static readonly string[] FileKinds =
        [".cs", ".csproj", ".sln", ".props", ".md", ".sh", ".sql", ".txt", ".service", ".yml", ".editorconfig"];

    /// <summary>Paths that come to be only when the program runs.</summary>
    private static readonly string[] MadeAtRun = ["./data"];

    public static TheoryData<string> Existing() => [.. Documents.Where(d => Repository.Files.Contains(d))];

    [Fact]
    public void TheDocumentsOfANewcomer_AreThere() =>
        Assert.Empty(new[] { "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE" }.Except(Repository.Files));

    [Theory]
    [MemberData(nameof(Existing))]
    public void Paths_InBackticks_Exist(string document)
    {
        var missing = CodeSpan().Matches(WithoutBlocks(Repository.Read(document))).Select(m => m.Groups[1].Value)
            .Where(IsPath).Where(p => !Exists(document, p));
        Assert.Empty(missing);
    }

    [Theory]
    [MemberData(nameof(Existing))]
    public void Links_ToFiles_Exist(string document)
    {
        var missing = Link().Matches(Repository.Read(document)).Select(m => m.Groups[1].Value)
            .Where(l => !l.Contains("://", StringComparison.Ordinal) && !l.StartsWith('#')).Where(p => !Exists(document, p));
        Assert.Empty(missing);
    }

    [Fact]
    public void Codes_OfRefusalsAndRejections_AreAllInTheArchitecture()
    {
        var text = Repository.Read("ARCHITECTURE.md");
        var codes = new[] { typeof(ProblemCodes), typeof(RecordCodes), typeof(ApiCodes) }
            .SelectMany(t => t.GetFields(BindingFlags.Public | BindingFlags.Static)).Select(f => $"`{f.GetRawConstantValue()}`");
        Assert.All(codes, c => Assert.Contains(c, text));
    }

    [Theory]
    [MemberData(nameof(Existing))]
    public void Commands_NameProjectsScriptsAndOptionsThatExist(string document)
    {
        var text = Repository.Read(document).Replace("\\\n", " ");
        var faults = new List<string>();
        foreach (Match match in DotnetCommand().Matches(text))
        {
            var project = match.Groups["project"].Value.Trim('"');
            if (!Repository.Files.Contains(project) && !Repository.Files.Contains($"{project}/{project}.csproj"))
                faults.Add($"no project '{project}'");
            else if (match.Groups["arguments"].Value.Split(" -- ") is [_, var arguments])
                faults.AddRange(UnknownOptions(project, " " + arguments));
        }

        foreach (Match match in Script().Matches(text))
        {
            var script = match.Groups[1].Value;
            if (!Repository.Files.Contains(script))
                faults.Add($"no script '{script}'");
            else if (!OperatingSystem.IsWindows() && !File.GetUnixFileMode(Repository.PathOf(script)).HasFlag(UnixFileMode.UserExecute))
                faults.Add($"'{script}' is not executable");
        }

        var npmScripts = NpmScript().Matches(text).Select(m => m.Groups[1].Value);
        faults.AddRange(npmScripts.Where(s => !NpmScripts().Contains(s)).Select(s => $"no npm script '{s}'"));
        Assert.Empty(faults);
    }

    /// <summary>Options of a program that none of its sources names, with the dashes or without.</summary>
    private static IEnumerable<string> UnknownOptions(string project, string arguments)
    {
        var sources = string.Concat(Repository.Sources.Where(f => f.StartsWith($"{project}/", StringComparison.Ordinal)).Select(Repository.Read));
        return Option().Matches(arguments.Split('#')[0]).Select(m => m.Groups[1].Value)
            .Where(o => !sources.Contains($"\"--{o}\"", StringComparison.Ordinal) && !sources.Contains($"(\"{o}\"", StringComparison.Ordinal))
            .Select(o => $"{project} has no option --{o}");
    }

    /// <summary>Whether a code span names a file or folder of the repository: not a route, an address, a media type or a pattern.</summary>
    private static bool IsPath(string span) =>
        PathLike().IsMatch(span)
        && !MadeAtRun.Contains(span)
        && ((FileKinds.Contains(Path.GetExtension(span)) && Path.GetFileNameWithoutExtension(span).Length > 0)
            || (span.Contains('/') && (char.IsUpper(span[0]) || span[0] == '.' || span.StartsWith("deploy/", StringComparison.Ordinal))));

    private static bool Exists(string document, string path)
    {
        path = path.Split('#')[0];
        var folder = Path.GetDirectoryName(Repository.PathOf(document))!;
        return (!path.Contains('/') && Repository.Files.Any(f => Path.GetFileName(f) == path))
            || Path.Exists(Repository.PathOf(path.TrimEnd('/'))) || Path.Exists(Path.Combine(folder, path.TrimEnd('/')));
    }

    private static string WithoutBlocks(string text) => Block().Replace(text, "");

    private static HashSet<string> NpmScripts() =>
        [.. Repository.Files.Where(f => Path.GetFileName(f) == "package.json").SelectMany(f =>
        {
            using var package = JsonDocument.Parse(Repository.Read(f));
            return package.RootElement.TryGetProperty("scripts", out var scripts) ? scripts.EnumerateObject().Select(s => s.Name).ToArray() : [];
        })];

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"dotnet (?:run|test|build|publish)\b[^\n`]*?(?:--project |(?<=test |build |publish ))(?<project>[A-Z][A-Za-z.]*)(?<arguments>[^\n`]*)")]
    private static partial Regex DotnetCommand();

    [GeneratedRegex(@"(?<![\w/.])\./((?:[\w.-]+/)*[\w.-]+\.sh)\b")]
    private static partial Regex Script();

    [GeneratedRegex(@"npm run ([\w:-]+)")]
    private static partial Regex NpmScript();

    [GeneratedRegex(@"(?<= )--([a-z][a-z-]+)")]
    private static partial Regex Option();

    [GeneratedRegex(@"^[\w.][\w./-]*$")]
    private static partial Regex PathLike();
}
