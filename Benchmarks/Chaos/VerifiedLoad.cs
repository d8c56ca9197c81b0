using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Chaos;

/// <summary>
/// Devices that upload without pause, re-send byte for byte until they are answered, and remember what was acknowledged. Each device goes on
/// to the next front door when one fails it.
/// </summary>
/// <param name="doors">The front doors.</param>
/// <param name="project">The devices and their assets.</param>
/// <param name="recordsABatch">Records of one batch; every tenth opens or closes a cycle.</param>
internal sealed class VerifiedLoad(IReadOnlyList<Uri> doors, SeededProject project, int recordsABatch)
{
    /// <summary>The pause after a failure, unless somebody tells that the server is back.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Guid, Sent> _sent = new();
    private readonly Lock _gate = new();
    private TaskCompletionSource _restarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _enough;
    private Exception? _failure;
    private int _wanted;
    private volatile bool _finishing;
    private long _acknowledged;
    private long _retries;
    private long _replayed;

    internal long Acknowledged => Interlocked.Read(ref _acknowledged);

    internal long Retries => Interlocked.Read(ref _retries);

    internal long Replayed => Interlocked.Read(ref _replayed);

    internal Sent SentBy(Guid device) => _sent[device];

    /// <summary>Ends when so many more requests have been sent; fails when a device was refused for good, and would send no more.</summary>
    internal Task Requests(int count)
    {
        lock (_gate)
        {
            _enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _wanted = count;
            if (_failure is not null)
                _enough.SetException(_failure);
            return _enough.Task;
        }
    }

    /// <summary>Lets those go on that met a dead server.</summary>
    internal void Restarted() => Interlocked.Exchange(ref _restarted, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>Each device ends with the batch at hand.</summary>
    internal void Finish() => _finishing = true;

    /// <summary>One device, until <see cref="Finish"/>.</summary>
    /// <param name="device">Which.</param>
    /// <param name="pause">Between two batches; none by default.</param>
    internal async Task Run(Guid device, TimeSpan pause = default)
    {
        try
        {
            await Upload(device, pause);
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                _failure = e;
                _enough?.TrySetException(e);
            }

            throw;
        }
    }

    private async Task Upload(Guid device, TimeSpan pause)
    {
        var sent = _sent[device] = new Sent();
        using var http = new HttpClient();
        for (var batch = 0; !_finishing; batch++)
        {
            var records = Enumerable.Range(0, recordsABatch).Select(i => Record(device, batch * recordsABatch + i, sent)).ToList();
            // Some of what was acknowledged goes along again, as after a cursor that was lost.
            var repeats = sent.Last.Where((_, i) => i % 7 == batch % 7).ToList();
            await Send(http, device, Encoding.UTF8.GetBytes($"[{string.Join(',', records.Concat(repeats))}]"), sent);
            sent.Last = records;
            sent.Records += records.Count;
            sent.Batches++;
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, TimeProvider.System);
        }
    }

    /// <summary>Uploads one more cycle event, alone.</summary>
    internal async Task OneMoreCycle(Guid device)
    {
        var sent = _sent[device];
        using var http = new HttpClient();
        var n = (int)(sent.Batches * recordsABatch) + 9;
        await Send(http, device, Encoding.UTF8.GetBytes($"[{Record(device, n - n % 10 + 9, sent)}]"), sent);
    }

    private async Task Send(HttpClient http, Guid device, byte[] body, Sent sent)
    {
        var (key, hash) = (Guid.NewGuid(), Convert.ToHexStringLower(SHA256.HashData(body)));
        for (; ; Interlocked.Increment(ref _retries))
        {
            var restarted = Volatile.Read(ref _restarted).Task;
            try
            {
                Count();
                using var request = project.Batch(doors[sent.Door % doors.Count], device, key, body, hash);
                using var answer = await http.SendAsync(request);
                if (answer.StatusCode is HttpStatusCode.OK)
                {
                    using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
                    sent.AnsweredDuplicates += json.RootElement.GetProperty("duplicates").GetInt32();
                    Interlocked.Increment(ref _acknowledged);
                    if (answer.Headers.Contains("Idempotency-Replayed"))
                        Interlocked.Increment(ref _replayed);
                    return;
                }

                if ((int)answer.StatusCode < 500 && answer.StatusCode != HttpStatusCode.TooManyRequests)
                    throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // No answer: whether it was taken is found out by sending it again.
            }

            sent.Door++;
            // A connection of before the restart may fail after it, hence not the restart alone.
            await Task.WhenAny(restarted, Task.Delay(Pause, TimeProvider.System));
        }
    }

    private string Record(Guid device, int n, Sent sent)
    {
        var ts = sent.Start.AddMilliseconds(n * 10);
        var text = ts.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        if (n % 10 == 9)
        {
            sent.Cycles.Add(ts);
            var series = n % 20 == 9 ? "cycle_open" : "cycle_close";
            return $$$"""{"ts":"{{{text}}}","asset_id":"{{{project.AssetOf(device)}}}","series":"{{{series}}}","val":null,"meta":{"cycle_id":"c{{{n / 20}}}"}}""";
        }

        var point = (Metric: $"m{n % 4}", Ts: ts, Value: (double)n);
        sent.Points.Add(point);
        return $$"""{"ts":"{{text}}","series":"{{point.Metric}}","val":{{n}},"unit":"u"}""";
    }

    private void Count()
    {
        lock (_gate)
        {
            if (_enough is not null && --_wanted <= 0)
                _enough.TrySetResult();
        }
    }

    /// <summary>What one device sent and was answered.</summary>
    internal sealed class Sent
    {
        internal DateTimeOffset Start { get; } = new(2025, 1, 15, 23, 59, 50, TimeSpan.Zero);

        internal List<(string Metric, DateTimeOffset Ts, double Value)> Points { get; } = [];

        internal List<DateTimeOffset> Cycles { get; } = [];

        internal List<string> Last { get; set; } = [];

        internal long Records { get; set; }

        internal long Batches { get; set; }

        internal long AnsweredDuplicates { get; set; }

        /// <summary>Which of the front doors it uses.</summary>
        internal int Door { get; set; }
    }
}
