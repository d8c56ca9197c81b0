using System.Runtime.InteropServices;

namespace EsoCore.Benchmarks;

/// <summary>What a figure was measured on.</summary>
internal static class Machine
{
    /// <summary>Cores, processor and framework in one line.</summary>
    public static string Describe()
    {
        string collector = System.Runtime.GCSettings.IsServerGC ? "server" : "workstation";
        return $"{Environment.ProcessorCount} cores, {Model()}, {RuntimeInformation.FrameworkDescription}, {collector} GC";
    }

    private static string Model()
    {
        const string File = "/proc/cpuinfo";
        if (!System.IO.File.Exists(File)) return "unknown processor";
        string? line = System.IO.File.ReadLines(File).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal));
        return line?.Split(':', 2)[1].Trim() ?? "unknown processor";
    }
}
