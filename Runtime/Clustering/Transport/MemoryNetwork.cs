using System.Collections.Concurrent;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// A network within one process, for tests: it can be cut between two members, slowed down, and made to lose what is sent; and a member can
/// be paused, which holds back what is sent to it and by it.
/// </summary>
internal sealed class MemoryNetwork(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, MemoryTransport> _listeners = new();
    private readonly ConcurrentDictionary<MemoryLink, bool> _links = new();
    private readonly ConcurrentDictionary<(string, string), bool> _cuts = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _paused = new();
    private int _lastPort = 10_000;

    public TimeProvider Time => time;

    /// <summary>How long each frame is on its way.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Asked for each frame, by sender and receiver; true loses it, and with it, as with TCP, the link.</summary>
    public Func<string, string, bool>? Drop { get; set; }

    public int TakePort() => Interlocked.Increment(ref _lastPort);

    public void Listen(string endpoint, MemoryTransport transport) => _listeners[endpoint] = transport;

    public void Leave(string endpoint) => _listeners.TryRemove(endpoint, out _);

    /// <summary>Breaks the links between two members, and lets no new ones come about before <see cref="Heal"/>.</summary>
    public void Cut(string one, string other)
    {
        _cuts[(one, other)] = _cuts[(other, one)] = true;
        foreach (MemoryLink link in _links.Keys)
        {
            if (IsCut(link.From, link.To)) link.Close(new LinkException("The network is cut."));
        }
    }

    public void Heal() => _cuts.Clear();

    /// <summary>Holds back what is sent to and by a member before <see cref="Resume"/>.</summary>
    public void Pause(string member) =>
        _paused.TryAdd(member, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    public void Resume(string member)
    {
        if (_paused.TryRemove(member, out TaskCompletionSource? paused)) paused.SetResult();
    }

    public bool IsCut(string one, string other) => _cuts.ContainsKey((one, other));

    public MemoryTransport Find(SiloAddress target) => _listeners.TryGetValue(target.Endpoint, out MemoryTransport? found)
        ? found
        : throw new LinkException($"{target} cannot be reached: nobody listens there.");

    public void Add(MemoryLink link) => _links[link] = true;

    public void Remove(MemoryLink link) => _links.TryRemove(link, out _);

    /// <summary>Waits as long as a frame takes; false if it is lost.</summary>
    public async ValueTask<bool> CarryAsync(string from, string to)
    {
        if (Drop?.Invoke(from, to) == true) return false;
        if (Delay > TimeSpan.Zero) await Task.Delay(Delay, time).ConfigureAwait(false);
        if (_paused.TryGetValue(from, out TaskCompletionSource? sender)) await sender.Task.ConfigureAwait(false);
        if (_paused.TryGetValue(to, out TaskCompletionSource? receiver)) await receiver.Task.ConfigureAwait(false);
        return true;
    }
}
