namespace EsoCore.Benchmarks;

/// <summary>
/// What processes took of the cores, in seconds, as Linux counts it: unlike a rate, it hardly minds what else the machine does.
/// </summary>
internal static class CpuTime
{
    // Fields of /proc/<pid>/stat behind the name, which may hold spaces: see proc(5).
    private const int Parent = 1;
    private const int User = 11;
    private const int System = 12;
    private const int WaitedUser = 13;
    private const int WaitedSystem = 14;
    private const double TicksPerSecond = 100;

    /// <summary>A process by itself.</summary>
    internal static double Of(int process) => Read(process) is { } stat ? (stat[User] + stat[System]) / TicksPerSecond : 0;

    /// <summary>The processes that a process started, waited for and saw end.</summary>
    internal static double OfEndedChildren(int process) =>
        Read(process) is { } stat ? (stat[WaitedUser] + stat[WaitedSystem]) / TicksPerSecond : 0;

    /// <summary>A process with those that it started, whether they run or have ended.</summary>
    internal static double OfFamily(int process) =>
        Of(process) + OfEndedChildren(process) + Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? id : 0)
            .Where(id => id > 0 && Read(id) is { } stat && stat[Parent] == process)
            .Sum(Of);

    private static long[]? Read(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return [.. fields.Select(field => long.TryParse(field, out var number) ? number : 0)];
        }
        catch (IOException)
        {
            return null; // It has ended meanwhile.
        }
    }
}
