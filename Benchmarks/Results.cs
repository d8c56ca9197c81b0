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

    private static string Folder([CallerFilePath] string thisFile = "") => Path.Combine(Path.GetDirectoryName(thisFile)!, "results");
}
