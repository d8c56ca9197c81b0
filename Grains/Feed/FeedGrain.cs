using EsoCore.Feed;

namespace EsoCore.Grains.Feed;

/// <summary>
/// A project's feed. It lives in memory alone: who reads it is told when something may have been missed, and reads afresh then.
/// </summary>
[GrainType("feed")]
internal sealed class FeedGrain(TimeProvider time) : Grain, IFeedGrain
{
    /// <summary>How long after the last reading entries are still taken, for a viewer who comes back.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(60);

    /// <summary>How long after the first reading every publisher has learned of it.</summary>
    public static readonly TimeSpan LearnedAfter = FeedPublisher.AnswerGoodFor + TimeSpan.FromSeconds(1);

    private readonly FeedLog _log = new();
    private DateTimeOffset _readUntil = DateTimeOffset.MinValue;
    private DateTimeOffset _completeAt = DateTimeOffset.MaxValue;
    private TaskCompletionSource _changed = NewSignal();

    private bool IsReadNow => time.GetUtcNow() <= _readUntil;

    private bool IsComplete => time.GetUtcNow() >= _completeAt;

    /// <inheritdoc/>
    public Task Publish(ImmutableArray<FeedEntry> entries)
    {
        if (!IsReadNow)
            return Task.CompletedTask;
        var added = false;
        foreach (var entry in entries)
            added |= _log.Add(entry);
        if (added)
            Signal();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Lost()
    {
        _log.StartOver();
        Signal();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<bool> IsRead() => Task.FromResult(IsReadNow);

    /// <inheritdoc/>
    public async Task<FeedPage> Read(FeedPosition? after, int max, TimeSpan wait, CancellationToken cancel)
    {
        var now = time.GetUtcNow();
        if (!IsReadNow)
        {
            // What happened since the last reader left was not taken.
            _log.StartOver();
            _completeAt = now + LearnedAfter;
        }

        var until = now + (wait < FeedLimits.MaxWait ? wait : FeedLimits.MaxWait);
        Keep(until + Linger);
        var wasComplete = IsComplete;
        while (true)
        {
            if (after is not { } from)
                return Page([], isReset: false);
            if (!_log.Holds(from))
                return Page([], isReset: true);
            if (_log.After(from, Math.Clamp(max, 1, FeedLimits.MaxRead)) is { IsEmpty: false } items)
                return Page(items, isReset: false) with { Position = items[^1].Position };
            now = time.GetUtcNow();
            if (now >= until || (!wasComplete && IsComplete))
                return Page([], isReset: false);
            await Changed((wasComplete || _completeAt > until ? until : _completeAt) - now, cancel);
        }
    }

    private FeedPage Page(ImmutableArray<FeedItem> items, bool isReset)
    {
        Keep(time.GetUtcNow() + Linger);
        return new FeedPage(_log.Position, items, isReset, IsComplete);
    }

    private void Keep(DateTimeOffset until) => _readUntil = until > _readUntil ? until : _readUntil;

    private async Task Changed(TimeSpan wait, CancellationToken cancel)
    {
        try
        {
            await _changed.Task.WaitAsync(wait, time, cancel);
        }
        catch (TimeoutException)
        {
            // Nothing came.
        }
    }

    private void Signal()
    {
        var changed = _changed;
        _changed = NewSignal();
        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
