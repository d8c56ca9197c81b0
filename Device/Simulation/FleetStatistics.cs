namespace EsoCore.Device;

/// <summary>What a fleet has done so far.</summary>
/// <param name="Devices">Simulated devices.</param>
/// <param name="Elapsed">Time since the start.</param>
/// <param name="Recorded">Records the machines made.</param>
/// <param name="Batches">Batches taken by the server.</param>
/// <param name="Accepted">Records newly stored.</param>
/// <param name="Duplicates">Records the server had already.</param>
/// <param name="Rejected">Records it would not store.</param>
/// <param name="Retries">Attempts that did not end in an answer that takes the batch.</param>
/// <param name="RawBytes">Bytes of the batches taken, before compression.</param>
/// <param name="SentBytes">Bytes of the batches taken, as sent.</param>
/// <param name="P50">Half of all successful uploads took no longer.</param>
/// <param name="P99">99 % of all successful uploads took no longer.</param>
/// <param name="LastProblem">The last thing that went wrong, in words; null if nothing did.</param>
public sealed record FleetSnapshot(
    int Devices, TimeSpan Elapsed, long Recorded, long Batches, long Accepted, long Duplicates, long Rejected, long Retries,
    long RawBytes, long SentBytes, TimeSpan P50, TimeSpan P99, string? LastProblem);

/// <summary>The counters behind a snapshot; many devices add to them at once.</summary>
internal sealed class FleetStatistics
{
    private readonly Lock _gate = new();
    private readonly LatencyHistogram _latency = new();
    private long _recorded;
    private long _batches;
    private long _accepted;
    private long _duplicates;
    private long _rejected;
    private long _retries;
    private long _rawBytes;
    private long _sentBytes;
    private string? _lastProblem;

    public void AddRecorded(long records) => Interlocked.Add(ref _recorded, records);

    public void AddAttempt(DeviceCredentials device, StoredBatch batch, UploadResult result)
    {
        lock (_gate)
        {
            if (!result.IsTaken)
            {
                _retries++;
                _lastProblem = $"{device.DeviceId}: {result.Outcome} {(result.Status == 0 ? "" : result.Status)} {result.Code} {result.Detail}".Trim();
                return;
            }

            _batches++;
            _accepted += result.Accepted;
            _duplicates += result.Duplicates;
            _rejected += result.Rejected;
            _rawBytes += batch.RawBytes;
            _sentBytes += batch.Body.Length;
            _latency.Add(result.Took);
            if (result.Errors is [var first, ..])
                _lastProblem = $"{device.DeviceId}: record {first.Index} rejected, {first.Code} {first.Detail}";
        }
    }

    public void AddProblem(DeviceCredentials device, Exception problem)
    {
        lock (_gate)
            _lastProblem = $"{device.DeviceId}: {problem.Message}";
    }

    public FleetSnapshot Snapshot(int devices, TimeSpan elapsed)
    {
        lock (_gate)
        {
            return new FleetSnapshot(
                devices, elapsed, Interlocked.Read(ref _recorded), _batches, _accepted, _duplicates, _rejected, _retries,
                _rawBytes, _sentBytes, _latency.Quantile(0.5), _latency.Quantile(0.99), _lastProblem);
        }
    }
}

/// <summary>Latencies in buckets that each are 5 % wider than the one before: quantiles within 5 %, in bounded memory.</summary>
internal sealed class LatencyHistogram
{
    private const double Growth = 1.05;
    private const double SmallestMicroseconds = 10;

    /// <summary>Up to about 3 hours.</summary>
    private readonly long[] _buckets = new long[430];
    private long _count;

    public void Add(TimeSpan latency)
    {
        var bucket = (int)Math.Ceiling(Math.Log(Math.Max(1, latency.TotalMicroseconds / SmallestMicroseconds), Growth));
        _buckets[Math.Min(bucket, _buckets.Length - 1)]++;
        _count++;
    }

    /// <summary>The upper edge of the bucket that the quantile falls into; zero without any value.</summary>
    public TimeSpan Quantile(double share)
    {
        var rank = (long)Math.Ceiling(share * _count);
        long seen = 0;
        for (var i = 0; i < _buckets.Length && rank > 0; i++)
        {
            seen += _buckets[i];
            if (seen >= rank)
                return TimeSpan.FromMicroseconds(SmallestMicroseconds * Math.Pow(Growth, i));
        }

        return TimeSpan.Zero;
    }
}
