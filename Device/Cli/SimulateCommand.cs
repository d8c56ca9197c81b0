using System.Globalization;
using EsoCore.Wire;

namespace EsoCore.Device;

/// <summary>Runs <c>simulate</c>: provision, upload, tell how it goes, sum up.</summary>
internal sealed class SimulateCommand(SimulateArguments arguments, TextWriter output, bool isTerminal, TimeProvider time)
{
    private static readonly TimeSpan TerminalEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PlainEvery = TimeSpan.FromSeconds(5);
    private const int MaxProblemLength = 100;

    private int _lastLength;

    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        if (!ContentCodec.IsAvailable(arguments.Encoding))
        {
            await output.WriteLineAsync($"This machine lacks the library for {ContentCodec.NameOf(arguments.Encoding)}.");
            return 1;
        }

        IReadOnlyList<FleetDevice> devices;
        try
        {
            devices = await ProvisionAsync(stop);
        }
        catch (ProvisioningException e)
        {
            await output.WriteLineAsync(e.Message);
            return 1;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }

        using var fleet = new Fleet(Options(devices), time);
        var run = fleet.RunAsync(stop);
        using (var tick = new PeriodicTimer(isTerminal ? TerminalEvery : PlainEvery, time))
        {
            while (await Task.WhenAny(run, tick.WaitForNextTickAsync(CancellationToken.None).AsTask()) != run)
                Progress(fleet.Snapshot());
        }

        Summarise(await run);
        return 0;
    }

    private FleetOptions Options(IReadOnlyList<FleetDevice> devices) => new()
    {
        Server = arguments.Url,
        Devices = devices,
        PointsPerSecond = arguments.Rate,
        Interval = arguments.Interval,
        Coding = arguments.Encoding,
        Duration = arguments.Duration,
        Seed = arguments.Seed,
        Proof = arguments.Proof,
    };

    private async Task<IReadOnlyList<FleetDevice>> ProvisionAsync(CancellationToken cancellation)
    {
        using var http = new HttpClient();
        var provisioner = new FleetProvisioner(http, arguments.Url);
        var key = arguments.ProjectKey;
        if (key is null)
        {
            key = await provisioner.SeedAsync(cancellation);
            await output.WriteLineAsync($"New project; its key, for reading what is stored: {key}");
        }

        var run = time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);
        var devices = await provisioner.ProvisionAsync(key, arguments.Devices, run, cancellation);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{devices.Count} devices, {arguments.Rate} points/s each, {ContentCodec.NameOf(arguments.Encoding)}, to {arguments.Url}; the first is {devices[0].Credentials.DeviceId}"));
        return devices;
    }

    private void Progress(FleetSnapshot s)
    {
        var line = string.Create(CultureInfo.InvariantCulture,
            $"{s.Elapsed:hh\\:mm\\:ss}  {s.Batches} batches  {s.Accepted} accepted ({Rate(s):F0}/s)  {s.Duplicates} duplicates  {s.Rejected} rejected  {s.Retries} retries  p50 {s.P50.TotalMilliseconds:F1} ms  p99 {s.P99.TotalMilliseconds:F1} ms");
        if (s.LastProblem is { } problem && s.Retries + s.Rejected > 0)
            line += "  last: " + problem[..Math.Min(problem.Length, MaxProblemLength)];
        if (!isTerminal)
        {
            output.WriteLine(line);
            return;
        }

        output.Write("\r" + line.PadRight(_lastLength)); // Over the last line, blanks over what it was longer.
        _lastLength = line.Length;
    }

    private void Summarise(FleetSnapshot s)
    {
        if (isTerminal && _lastLength > 0)
            output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""

            devices      {s.Devices}
            time         {s.Elapsed.TotalSeconds:F1} s
            recorded     {s.Recorded} records
            batches      {s.Batches}
            accepted     {s.Accepted} ({Rate(s):F0}/s)
            duplicates   {s.Duplicates}
            rejected     {s.Rejected}
            not sent     {s.Recorded - s.Accepted - s.Duplicates - s.Rejected}
            retries      {s.Retries}
            bytes        {s.RawBytes} raw, {s.SentBytes} sent ({(s.SentBytes == 0 ? 1 : (double)s.RawBytes / s.SentBytes):F1}:1)
            latency      p50 {s.P50.TotalMilliseconds:F1} ms, p99 {s.P99.TotalMilliseconds:F1} ms
            """));
        if (s.LastProblem is not null)
            output.WriteLine($"last problem {s.LastProblem}");
    }

    private static double Rate(FleetSnapshot s) => s.Elapsed > TimeSpan.Zero ? s.Accepted / s.Elapsed.TotalSeconds : 0;
}
