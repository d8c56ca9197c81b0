using System.Diagnostics;

namespace EsoCore.Tests.Tidy;

/// <summary>The repository that the tests were built from: its tracked files, or all but build output where there is no git.</summary>
internal static class Repository
{
    /// <summary>Set to 1 to have baselines rewritten instead of compared.</summary>
    public const string UpdateVariable = "ESOCORE_UPDATE_BASELINES";

    private static readonly string[] Skipped = ["bin", "obj", ".git", "node_modules", "TestResults", "data"];

    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Files by path from the root, with forward slashes, in order.</summary>
    public static IReadOnlyList<string> Files { get; } = [.. (ListTracked() ?? Walk(Root)).Where(f => File.Exists(PathOf(f)))
        .Distinct().Order(StringComparer.Ordinal)];

    /// <summary>C# sources.</summary>
    public static IEnumerable<string> Sources => Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal));

    public static bool UpdatesBaselines => Environment.GetEnvironmentVariable(UpdateVariable) == "1";

    public static string PathOf(string file) => Path.Combine(Root, file);

    public static string Read(string file) => File.ReadAllText(PathOf(file));

    public static string[] Lines(string file) => File.ReadAllLines(PathOf(file));

    /// <summary>The lines of a source without comments that take a line of their own, numbered from 1.</summary>
    public static IEnumerable<(int Number, string Text)> Code(string file) =>
        Lines(file).Select((text, i) => (i + 1, text)).Where(l => !l.text.TrimStart().StartsWith("//", StringComparison.Ordinal));

    /// <summary>The entries of a list file beside these tests: one a line, empty lines and # comments left out.</summary>
    public static IReadOnlyList<string> List(string name) =>
        [.. Lines($"Tests/Tidy/{name}").Select(l => l.Trim()).Where(l => l.Length > 0 && !l.StartsWith('#'))];

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EsoCore.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests do not run from within the repository.");
    }

    /// <summary>What git tracks or would track, so that a file not yet added is held to the rules too.</summary>
    private static IEnumerable<string>? ListTracked()
    {
        if (!Path.Exists(PathOf(".git")))
            return null;
        try
        {
            var start = new ProcessStartInfo("git", ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            {
                WorkingDirectory = Root,
                RedirectStandardOutput = true,
            };
            using var git = Process.Start(start)!;
            var output = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            return git.ExitCode == 0 ? output.Split('\0', StringSplitOptions.RemoveEmptyEntries) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static IEnumerable<string> Walk(string folder) =>
        Directory.EnumerateFiles(folder).Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
            .Concat(Directory.EnumerateDirectories(folder).Where(d => !Skipped.Contains(Path.GetFileName(d))).SelectMany(Walk));
}
