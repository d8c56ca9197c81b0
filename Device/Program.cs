using System.Runtime.InteropServices;

namespace EsoCore.Device;

/// <summary>The command line. Named, because tests see into this assembly and know another Program.</summary>
internal static class DeviceProgram
{
    public static async Task<int> Main(string[] args)
    {
        if (args is ["-h" or "help", ..] || args.Contains("--help"))
        {
            Console.WriteLine(SimulateArguments.Usage);
            return 0;
        }

        if (args is not ["simulate", ..])
            return Misused([args is [] ? "No command is given." : $"Unknown command: {args[0]}"]);
        if (SimulateArguments.Parse(args.AsSpan(1), out var errors) is not { } arguments)
            return Misused(errors);

        using var stop = new CancellationTokenSource();
        // The first signal ends the run in good order; with the second the system ends the process.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        return await new SimulateCommand(arguments, Console.Out, !Console.IsOutputRedirected, TimeProvider.System).RunAsync(stop.Token);

        void Stop(PosixSignalContext signal)
        {
            if (stop.IsCancellationRequested)
                return;
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    private static int Misused(IReadOnlyList<string> errors)
    {
        foreach (var error in errors)
            Console.Error.WriteLine(error);
        Console.Error.WriteLine();
        Console.Error.WriteLine(SimulateArguments.Usage);
        return 2;
    }
}
