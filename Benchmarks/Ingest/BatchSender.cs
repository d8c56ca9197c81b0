using System.Diagnostics;
using System.Net;
using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Ingest;

/// <summary>Sends batches over HTTP: each device one after the other, the devices side by side.</summary>
internal sealed class BatchSender(ServerProcess server, SeededProject project)
{
    /// <summary>What a run took.</summary>
    internal sealed record Run(double Seconds, double SenderCpuSeconds, double ServerCpuSeconds, double[] LatenciesMs);

    private readonly Guid[] _devices = [.. project.DeviceIds];

    /// <summary>Sends each batch so many times under one key and waits for each answer. Any answer but 200 ends the run.</summary>
    internal async Task<Run> Send(IReadOnlyList<GeneratedBatch> batches, int times = 1)
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 256, AutomaticDecompression = DecompressionMethods.None };
        using var http = new HttpClient(handler) { BaseAddress = server.Url };
        var self = Process.GetCurrentProcess();
        var (senderBefore, serverBefore) = (self.TotalProcessorTime, server.ProcessorTime);
        var watch = Stopwatch.StartNew();
        var latencies = await Task.WhenAll(batches.GroupBy(b => b.Device).Select(async device =>
        {
            var own = new List<double>();
            foreach (var batch in device)
            {
                for (var i = 0; i < times; i++)
                {
                    var started = Stopwatch.GetTimestamp();
                    await Post(http, batch);
                    own.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                }
            }

            return own;
        }));
        watch.Stop();
        self.Refresh();
        return new Run(
            watch.Elapsed.TotalSeconds, (self.TotalProcessorTime - senderBefore).TotalSeconds,
            (server.ProcessorTime - serverBefore).TotalSeconds, [.. latencies.SelectMany(l => l).Order()]);
    }

    private async Task Post(HttpClient http, GeneratedBatch batch)
    {
        var id = _devices[batch.Device];
        using var request = project.Batch(server.Url, id, batch.Id, batch.Body, batch.BodyHash, "gzip");
        using var answer = await http.SendAsync(request);
        if (answer.StatusCode != HttpStatusCode.OK)
            throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }
}
