using System.Text;

namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>
/// Virtual time and the one queue of everything that is going to happen. Single-threaded, and what happens follows from the seed alone.
/// </summary>
internal sealed class World(ulong seed)
{
    /// <summary>Events of one run; more means that something runs in circles.</summary>
    private const int MaxEvents = 2_000_000;

    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _events = new();
    private readonly List<TraceEntry> _trace = [];
    private readonly ulong _seed = seed;
    private ulong _random = seed;
    private long _order;

    public TimeSpan Now { get; private set; }

    public IReadOnlyList<TraceEntry> Trace => _trace;

    /// <summary>How often each kind of thing happened: shows that the faults do what they are meant to.</summary>
    public Dictionary<string, int> Counts { get; } = [];

    public void After(TimeSpan delay, Action what) => _events.Enqueue(what, (Now + delay, _order++));

    public void RunUntil(TimeSpan end)
    {
        while (_events.TryPeek(out _, out var key) && key.At <= end)
        {
            if (_order > MaxEvents) Fail("too many events");
            Now = key.At;
            _events.Dequeue()();
        }

        Now = end;
    }

    public void Note(string what, long a = 0, long b = 0) => _trace.Add(new TraceEntry(Now, what, a, b));

    public void Count(string what) => Counts[what] = Counts.GetValueOrDefault(what) + 1;

    public void Check(bool holds, string invariant)
    {
        if (!holds) Fail(invariant);
    }

    public void Fail(string invariant)
    {
        var text = new StringBuilder();
        foreach (TraceEntry entry in _trace.TakeLast(60)) text.AppendLine(entry.ToString());
        throw new InvariantBrokenException(
            $"{invariant} at {Now.TotalSeconds:0.000} s. Replay it with ESOCORE_SIM_SEED={_seed}. The last that happened:\n{text}");
    }

    /// <summary>SplitMix64: the same numbers on every machine and in every release of the framework.</summary>
    public ulong NextRandom()
    {
        ulong z = _random += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to below <paramref name="below"/>.</summary>
    public int Next(int below) => (int)(NextRandom() % (uint)below);

    public bool Chance(double probability) => NextRandom() < probability * ulong.MaxValue;

    /// <summary>A length of time between the two, in milliseconds.</summary>
    public TimeSpan Between(int fromMs, int toMs) => TimeSpan.FromMicroseconds(fromMs * 1_000L + Next((toMs - fromMs) * 1_000 + 1));

    public T Pick<T>(IReadOnlyList<T> from) => from[Next(from.Count)];
}

/// <summary>One thing that happened.</summary>
internal readonly record struct TraceEntry(TimeSpan At, string What, long A, long B)
{
    public override string ToString() => $"{At.TotalSeconds,9:0.000} {What} {A} {B}";
}

/// <summary>Something that must always hold did not.</summary>
internal sealed class InvariantBrokenException(string message) : Exception(message);

/// <summary>The wall clock of the simulation, for what is only compared by age.</summary>
internal sealed class WorldTime(World world) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + world.Now;
}
