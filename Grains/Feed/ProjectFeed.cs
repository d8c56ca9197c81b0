using EsoCore.Feed;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Feed;

/// <summary>
/// What a silo has for one project's feed: gathered for a moment, of each device the newest twin only, written as JSON when it is known
/// that somebody reads. What cannot be handed over is lost, and the feed is told so.
/// </summary>
internal sealed class ProjectFeed(IFeedGrain feed, TimeProvider time, ILogger log)
{
    /// <summary>How long events are gathered.</summary>
    public static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(50);

    /// <summary>A device's twin is told at most once in this time.</summary>
    public static readonly TimeSpan TwinPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Events that may wait.</summary>
    public const int MaxEvents = 2_000;

    /// <summary>Twins that may wait.</summary>
    public const int MaxTwins = 5_000;

    /// <summary>Entries in one call.</summary>
    public const int MaxAtOnce = 200;

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, DeviceState> _twins = [];
    private readonly List<(Guid DeviceId, DeviceState State, NewEvent Event)> _events = [];
    private ITimer? _timer;
    private bool _isBusy;
    private bool _isRead;
    private bool _hasLost;
    private long _answeredAt;
    private bool _wasAnswered;
    private DateTimeOffset _twinsDue = DateTimeOffset.MinValue;

    /// <summary>Whether nothing waits and nothing is known that counts.</summary>
    public bool IsAtRest
    {
        get
        {
            lock (_gate)
                return !_isBusy && !_hasLost && !IsAnswerGood;
        }
    }

    private bool IsAnswerGood => _wasAnswered && time.GetElapsedTime(_answeredAt) < FeedPublisher.AnswerGoodFor;

    /// <summary>Notes a commit.</summary>
    public void Note(Guid deviceId, DeviceState state, ImmutableArray<NewEvent> events)
    {
        lock (_gate)
        {
            if (!_isRead && IsAnswerGood)
                return;
            if (_twins.Count < MaxTwins || _twins.ContainsKey(deviceId))
                _twins[deviceId] = state;
            else
                _hasLost = true;
            var room = Math.Min(events.Length, MaxEvents - _events.Count);
            _hasLost |= room < events.Length;
            for (var i = 0; i < room; i++)
                _events.Add((deviceId, state, events[i]));
            if (!_isBusy)
                Wake();
        }
    }

    /// <summary>Sets the timer for what waits; its callback runs beside all grains.</summary>
    private void Wake()
    {
        _isBusy = true;
        var wait = _events.Count > 0 || !IsAnswerGood ? Gather : _twinsDue - time.GetUtcNow();
        wait = wait > Gather ? wait : Gather;
        if (_timer is null)
        {
            // A timer keeps the context of whoever makes it, here the call of some device.
            using (ExecutionContext.SuppressFlow())
                _timer = time.CreateTimer(static self => _ = ((ProjectFeed)self!).Send(), this, wait, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task Send()
    {
        try
        {
            if (await IsRead())
                await Publish();
        }
        catch (Exception error)
        {
            // Whoever reads is told with the next commit that something is missing.
            log.LogInformation(error, "A live feed could not be told what was committed");
            lock (_gate)
                _hasLost = true;
        }

        lock (_gate)
        {
            _isBusy = false;
            if (_events.Count > 0 || _twins.Count > 0)
                Wake();
        }
    }

    private async Task<bool> IsRead()
    {
        lock (_gate)
        {
            if (IsAnswerGood)
                return _isRead;
        }

        var askedAt = time.GetTimestamp();
        bool isRead;
        try
        {
            isRead = await feed.IsRead();
        }
        catch (Exception)
        {
            lock (_gate)
                Forget();
            throw;
        }

        lock (_gate)
        {
            // Counted from the question: a reader who comes after the answer left knows how long to wait.
            (_answeredAt, _wasAnswered, _isRead) = (askedAt, true, isRead);
            if (!isRead)
                Forget();
            _hasLost &= isRead;
        }

        return isRead;
    }

    private void Forget()
    {
        _events.Clear();
        _twins.Clear();
    }

    private async Task Publish()
    {
        (Guid DeviceId, DeviceState State, NewEvent Event)[] events;
        KeyValuePair<Guid, DeviceState>[] twins;
        bool hasLost;
        lock (_gate)
        {
            var now = time.GetUtcNow();
            twins = now >= _twinsDue ? [.. _twins] : [];
            if (twins.Length > 0)
            {
                _twins.Clear();
                _twinsDue = now + TwinPeriod;
            }

            events = [.. _events];
            _events.Clear();
            (hasLost, _hasLost) = (_hasLost, false);
        }

        if (hasLost)
            await feed.Lost();
        var entries = events.Select(e => FeedBodies.Event(e.DeviceId, e.State, e.Event))
            .Concat(twins.Select(t => FeedBodies.Twin(t.Key, t.Value)));
        foreach (var part in entries.Chunk(MaxAtOnce))
            await feed.Publish([.. part]);
    }
}
