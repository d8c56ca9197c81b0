using System.Runtime.InteropServices;

namespace EsoCore.Benchmarks;

/// <summary>What a figure was measured on.</summary>
internal static class Machine
{
    /// <summary>Cores, processor and framework in one line.</summary>
    public static string Describe()
    {
        string model = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown"
            : "unknown";
        return $"{Environment.ProcessorCount} cores, {model}, {RuntimeInformation.FrameworkDescription}, {(System.Runtime.GCSettings.IsServerGC ? "server" : "workstation")} GC";
    }
}
