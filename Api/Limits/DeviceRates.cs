namespace EsoCore.Api;

/// <summary>
/// A token bucket and a count of uploads in flight for each device. Holds <see cref="MaxDevices"/> at most and forgets those not heard of
/// for long, which at worst gives a quiet device a full bucket again.
/// </summary>
internal sealed class DeviceRates(TimeProvider time, Func<ApiOptions> options)
{
    /// <summary>Devices remembered at once.</summary>
    public const int MaxDevices = 200_000;

    private readonly TwoGenerations<Bucket> _buckets = new(MaxDevices);

    /// <summary>Takes one call of a device. The caller has been proven: a stranger who knows an id must not use up the device's calls.</summary>
    /// <param name="device">The device.</param>
    /// <param name="retryAfter">When false: how long until the next call is taken.</param>
    public bool TryTake(Guid device, out TimeSpan retryAfter)
    {
        var limits = options();
        return BucketOf(device).TryTake(time.GetTimestamp(), time.TimestampFrequency, limits, out retryAfter);
    }

    /// <summary>Counts an upload of a device in; null when it has too many in flight. Dispose to count it out.</summary>
    public IDisposable? TryEnterUpload(Guid device) => BucketOf(device).TryEnter(options().DeviceUploadsInFlight);

    private Bucket BucketOf(Guid device) => _buckets.GetOrAdd(device, static () => new Bucket());

    private sealed class Bucket
    {
        private readonly Lock _gate = new();
        private double _tokens = double.MaxValue; // Full, whatever the burst is.
        private long _at;
        private int _inFlight;

        public bool TryTake(long now, long frequency, ApiOptions limits, out TimeSpan retryAfter)
        {
            lock (_gate)
            {
                var seconds = Math.Max(0, now - _at) / (double)frequency;
                _tokens = Math.Min(limits.DeviceBurst, _tokens + seconds * limits.DeviceRequestsPerSecond);
                _at = now;
                if (_tokens < 1)
                {
                    retryAfter = TimeSpan.FromSeconds((1 - _tokens) / limits.DeviceRequestsPerSecond);
                    return false;
                }

                _tokens -= 1;
                retryAfter = TimeSpan.Zero;
                return true;
            }
        }

        public IDisposable? TryEnter(int limit)
        {
            if (Interlocked.Increment(ref _inFlight) <= limit)
                return new Entry(this);
            Interlocked.Decrement(ref _inFlight);
            return null;
        }

        private sealed class Entry(Bucket bucket) : IDisposable
        {
            private int _left;

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _left, 1) == 0)
                    Interlocked.Decrement(ref bucket._inFlight);
            }
        }
    }
}
