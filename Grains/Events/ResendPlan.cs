using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Events;

/// <summary>
/// When the outbox sends to which receiver again. A receiver whose oldest transition stays unconfirmed is sent to ever more rarely; as soon
/// as that one is gone it counts as well again.
/// </summary>
internal sealed class ResendPlan(TimeProvider time)
{
    /// <summary>The wait after the first sending, doubled after each further one.</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(1);

    private readonly Dictionary<ReceiverId, Attempt> _attempts = [];

    /// <summary>Receivers that are being waited for.</summary>
    public int Waiting => _attempts.Count;

    /// <summary>Whether to send to the receiver now, its oldest unconfirmed transition being <paramref name="oldest"/>.</summary>
    public bool IsDue(ReceiverId receiver, TransitionId oldest) =>
        !_attempts.TryGetValue(receiver, out var attempt) || attempt.Oldest != oldest || time.GetElapsedTime(attempt.SentAt) >= attempt.Wait;

    /// <summary>Whether the last sending to the receiver failed, so that its transitions go one by one and a bad one fails alone.</summary>
    public bool OneByOne(ReceiverId receiver) => _attempts.TryGetValue(receiver, out var attempt) && attempt.Failed;

    /// <summary>Notes a sending.</summary>
    public void Sent(ReceiverId receiver, TransitionId oldest, bool failed)
    {
        var again = _attempts.TryGetValue(receiver, out var last) && last.Oldest == oldest;
        var wait = again ? TimeSpan.FromTicks(Math.Min(last.Wait.Ticks * 2, MaxWait.Ticks)) : FirstWait;
        _attempts[receiver] = new Attempt(oldest, time.GetTimestamp(), wait, failed);
    }

    /// <summary>Forgets the receivers that have nothing unconfirmed any more.</summary>
    public void Keep(IReadOnlySet<ReceiverId> waiting)
    {
        foreach (var receiver in _attempts.Keys)
        {
            if (!waiting.Contains(receiver))
                _attempts.Remove(receiver);
        }
    }

    private readonly record struct Attempt(TransitionId Oldest, long SentAt, TimeSpan Wait, bool Failed);
}
