using EsoCore.Benchmarks.Engine;

namespace EsoCore.Benchmarks.Calls;

/// <summary>Calls from one silo to the grains of others, over TCP on the loopback, all silos in one process.</summary>
internal static class CallsBenchmark
{
    private const int Targets = 10_000;
    private const int Rounds = 3;
    private static readonly int[] s_callers = [1, 16, 256];

    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = new Arguments(args);
        int silos = arguments.Get("silos", 2);
        TimeSpan duration = TimeSpan.FromSeconds(arguments.Get("seconds", 3));
        await using CallsCluster cluster = await CallsCluster.StartAsync((short)silos, Targets);
        IPing[] grains = cluster.RemoteGrains;
        await CallLoad.RunAsync(16, Targets, TimeSpan.FromSeconds(1), i => grains[i].Add(1));
        List<LoadResult> calls = [], sockets = [];
        foreach (int callers in s_callers)
        {
            // In turn, so that what else the machine does falls on both.
            using LoopbackEcho echo = await LoopbackEcho.OpenAsync(callers);
            List<LoadResult> own = [], other = [];
            for (int round = 0; round < Rounds; round++)
            {
                own.Add(await CallLoad.RunAsync(callers, Targets, duration, i => grains[i].Add(1)));
                other.Add(await CallLoad.RunByCallerAsync(callers, duration, echo.Call));
            }

            calls.Add(LoadResult.Combine(own));
            sockets.Add(LoadResult.Combine(other));
        }

        string text = new CallsReport(silos, duration, Rounds, Targets, calls, sockets).Write(arguments.Get("date"));
        Console.WriteLine(text);
        if (!arguments.Has("no-file")) Results.Write("calls.md", text);
        return 0;
    }
}
