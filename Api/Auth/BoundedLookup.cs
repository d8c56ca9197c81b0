using System.Collections.Concurrent;

namespace EsoCore.Api;

/// <summary>
/// A cache of bounded size over a slow lookup. Callers who miss the same id share one lookup. A known entry is good for
/// <see cref="KnownFor"/> and refreshed in the background after <see cref="RefreshAfter"/>, so that a device that calls every few minutes
/// never waits; an unknown id is remembered for <see cref="UnknownFor"/>.
/// </summary>
internal sealed class BoundedLookup<T>(TimeProvider time, int knownEntries, int unknownEntries, Func<Guid, Task<T?>> lookup) where T : class
{
    public static readonly TimeSpan KnownFor = TimeSpan.FromMinutes(10);

    /// <summary>The age at which a known entry is looked up again while it goes on being served, and how long after a refresh failed it is tried again.</summary>
    public static readonly TimeSpan RefreshAfter = TimeSpan.FromSeconds(60);

    public static readonly TimeSpan UnknownFor = TimeSpan.FromSeconds(10);

    /// <summary>Lookups under way at once; more are refused, so that a flood of random ids cannot queue without end.</summary>
    public const int MaxLookups = 256;

    /// <summary>Those of <see cref="MaxLookups"/> that ids never seen here may take; the rest is kept for known ones.</summary>
    public const int MaxStrangerLookups = 192;

    private readonly TwoGenerations<Entry> _known = new(knownEntries);
    private readonly TwoGenerations<Entry> _unknown = new(unknownEntries);
    private readonly ConcurrentDictionary<Guid, Flight> _flights = new();

    public int Count => _known.Count + _unknown.Count;

    public ValueTask<T?> Find(Guid id)
    {
        if (_known.TryGet(id, out var known))
        {
            var age = time.GetElapsedTime(known.At);
            if (age < KnownFor)
            {
                if (time.GetElapsedTime(known.AskedAt) > RefreshAfter && _flights.Count < MaxLookups)
                {
                    known.AskedAt = time.GetTimestamp();
                    Refresh(id);
                }

                return new(known.Value);
            }

            return new(Fly(id, MaxLookups));
        }

        if (_unknown.TryGet(id, out var unknown) && time.GetElapsedTime(unknown.At) < UnknownFor)
            return new((T?)null);
        return new(Fly(id, MaxStrangerLookups));
    }

    public void Forget(Guid id)
    {
        // The flight goes first: a lookup that began before the edit must find itself gone when it lands.
        _flights.TryRemove(id, out _);
        _known.Remove(id);
        _unknown.Remove(id);
    }

    private Task<T?> Fly(Guid id, int limit)
    {
        if (_flights.TryGetValue(id, out var under))
            return under.Result;
        if (_flights.Count >= limit)
            throw new CredentialLookupsBusyException();
        var mine = new Flight();
        var flight = _flights.GetOrAdd(id, mine);
        if (ReferenceEquals(flight, mine))
            _ = Land(id, mine);
        return flight.Result;
    }

    private void Refresh(Guid id) =>
        // A refresh that fails is told to nobody: the entry lives on to its end, and is asked for again later.
        Fly(id, int.MaxValue).ContinueWith(static done => _ = done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private async Task Land(Guid id, Flight flight)
    {
        try
        {
            var value = await lookup(id);
            var entry = new Entry(value, time.GetTimestamp());
            if (_flights.TryGetValue(id, out var current) && ReferenceEquals(current, flight))
            {
                (value is null ? _unknown : _known).Set(id, entry);
                (value is null ? _known : _unknown).Remove(id);
                if (!_flights.TryRemove(new(id, flight)))
                {
                    _known.Remove(id); // Forgotten between the look and the write.
                    _unknown.Remove(id);
                }
            }

            flight.Source.SetResult(value);
        }
        catch (Exception e)
        {
            _flights.TryRemove(new(id, flight));
            flight.Source.SetException(e);
        }
    }

    private sealed class Entry(T? value, long at)
    {
        public T? Value { get; } = value;

        public long At { get; } = at;

        /// <summary>When it was last looked up, or tried to be. Two callers at once may both refresh; they share the lookup.</summary>
        public long AskedAt { get; set; } = at;
    }

    private sealed class Flight
    {
        public TaskCompletionSource<T?> Source { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T?> Result => Source.Task;
    }
}
