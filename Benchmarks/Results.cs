using System.Runtime.CompilerServices;

namespace EsoCore.Benchmarks;

/// <summary>Where results are committed.</summary>
internal static class Results
{
    /// <summary>Writes a result file beside the sources of the benchmarks.</summary>
    public static void Write(string fileName, string text, [CallerFilePath] string thisFile = "")
    {
        string folder = Path.Combine(Path.GetDirectoryName(thisFile)!, "results");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, fileName), text);
    }
}
