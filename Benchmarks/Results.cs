using System.Runtime.CompilerServices;

namespace EsoCore.Benchmarks;

/// <summary>Where results are committed.</summary>
internal static class Results
{
    /// <summary>Writes a result file into the folder "results" beside this source file.</summary>
    public static void Write(string fileName, string text)
    {
        Directory.CreateDirectory(Folder());
        File.WriteAllText(Path.Combine(Folder(), fileName), text.TrimEnd() + "\n");
    }

    /// <summary>What a result file says, or null if there is none.</summary>
    public static string? Read(string fileName) =>
        Path.Combine(Folder(), fileName) is var path && File.Exists(path) ? File.ReadAllText(path) : null;

    private static string Folder([CallerFilePath] string thisFile = "") => Path.Combine(Path.GetDirectoryName(thisFile)!, "results");
}
