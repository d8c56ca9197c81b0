using EsoCore.Grains.Common;
using EsoCore.Grains.Correlation;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Incidents;
using EsoCore.Notifications;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Notifications;

/// <summary>The turns of a notifier: read, run the stages, commit, start sending.</summary>
internal sealed partial class NotifierGrain
{
    /// <summary>Turns are tried this often against a second activation's writes.</summary>
    private const int MaxAttempts = 3;

    /// <summary>How long a schedule may take to say who is on call.</summary>
    private static readonly TimeSpan AskFor = TimeSpan.FromSeconds(5);

    /// <summary>Causes of one incident that are looked at, upwards; the graph of causes is not as deep.</summary>
    private const int MaxCauses = 16;

    /// <summary>Devices asked about at one time.</summary>
    private const int AskedAtOnce = 16;

    private NotifierState? _state;
    private long _version;
    private readonly List<Task> _sending = [];

    /// <summary>Takes inputs in one commit. When that fails for a fault of ours, one by one: a poisoned one then harms no other.</summary>
    private async Task TakeTurn(List<NotifierInput> inputs)
    {
        try
        {
            await Commit(inputs);
            foreach (var input in inputs)
                input.Done.TrySetResult();
        }
        catch (Exception error) when (IsStorages(error))
        {
            (_state, _mustRetry) = (null, true);
            foreach (var input in inputs)
            {
                if (input.Report is not null)
                    _inputs.Enqueue(input); // Nobody would tell it again.
                input.Done.TrySetException(error);
            }
        }
        catch (Exception error) when (inputs.Count > 1)
        {
            _state = null;
            services.Log.LogError(error, "{Count} inputs of {Recipient} failed together; they are taken one by one", inputs.Count,
                _recipient);
            foreach (var input in inputs)
                await TakeTurn([input]);
        }
        catch (Exception error)
        {
            (_state, _mustRetry) = (null, true);
            services.Log.LogError(error, "A turn of {Recipient} in project {ProjectId} failed", _recipient, _projectId);
            foreach (var input in inputs)
            {
                if (input.Report is { } report)
                    _inFlight.Remove(report.DeliveryId);
                input.Done.TrySetException(error);
            }
        }
    }

    private static bool IsStorages(Exception error) => error is StorageUnavailableException or CommitUnknownException;

    private async Task Commit(List<NotifierInput> inputs)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            _state ??= await Load();
            var turn = await Prepare(_state, inputs);
            services.Pipeline.Run(turn);
            if (turn.HasChanged || turn.Log.Count > 0)
            {
                // Before the commit: a crash after it must find somebody to wake the grain.
                if (_state.IsBusy)
                    await EnsureReminder();
                var commit = new WorkCommit(
                    _projectId, RecordStage.OwnerOf(_recipient), _version, NotificationJson.Write(_state), [.. turn.Items], [.. turn.Log]);
                if (!await services.Store.Commit(commit, CancellationToken.None))
                {
                    _state = null; // Another activation wrote: what it left is where this turn begins.
                    continue;
                }

                _version++;
            }

            foreach (var report in turn.Reports)
                _inFlight.Remove(report.DeliveryId);
            _sending.RemoveAll(sending => sending.IsCompleted);
            foreach (var delivery in _isLeaving ? [] : turn.ToSend)
            {
                _inFlight.Add(delivery.Id);
                _sending.Add(Send(delivery, turn.Book));
            }

            if (inputs.Any(i => i.IsReminder) && !_state.IsBusy)
                await DropReminder();
            return;
        }

        throw new CommitUnknownException($"Another activation of notifier {_recipient} wrote {MaxAttempts} times in between.");
    }

    private async Task<NotifierState> Load()
    {
        var stored = await services.Store.Load(_projectId, RecordStage.OwnerOf(_recipient), CancellationToken.None);
        var state = stored is null ? new NotifierState() : NotificationJson.Read<NotifierState>(stored.Body);
        StateFormat.Check(state.Format, NotifierState.CurrentFormat, $"notifier '{_recipient}'");
        _version = stored?.Version ?? 0;
        return state;
    }

    private async Task<NotifierTurn> Prepare(NotifierState state, List<NotifierInput> inputs)
    {
        var now = services.Time.GetUtcNow();
        var arrived = inputs.SelectMany(i => i.Notices).ToList();
        var book = await services.Books.Get(_projectId);
        var revived = await StillDead(inputs);
        var (over, heldBack) = await Outdated(state.Held.Where(h => h.Until <= now).Select(h => h.Notice.Incident.Id), now);
        return new NotifierTurn
        {
            ProjectId = _projectId,
            Recipient = _recipient,
            Now = now,
            State = state,
            Book = book,
            Options = services.Options,
            HasInstallationMail = services.Senders.HasInstallationMail,
            Devices = await Devices(arrived.Concat(state.Held.Where(h => h.Until <= now).Select(h => h.Notice))
                .Select(n => n.Incident.Source.DeviceId).Distinct().Where(id => id != Guid.Empty)),
            OnCall = arrived.Count > 0 || revived.Any(r => r.Delivery.Channel is null) || state.Groups.Values.Any(g => g.DueAt <= now)
                ? await OnCall(book, now) : ImmutableDictionary<string, OnCallNow>.Empty,
            InFlight = _inFlight.Except(inputs.Where(i => i.Report is not null).Select(i => i.Report!.DeliveryId)).ToHashSet(),
            Arrived = arrived,
            Reports = [.. inputs.Where(i => i.Report is not null).Select(i => i.Report!)],
            Revived = revived,
            Over = over,
            HeldBack = heldBack,
        };
    }

    /// <summary>
    /// Those of these incidents that nobody need hear of any more, since not every recipient is told that one was put aside; and those of
    /// which nobody is told now, because their cause goes on.
    /// </summary>
    private async Task<(HashSet<Guid> Over, HashSet<Guid> HeldBack)> Outdated(IEnumerable<Guid> incidents, DateTimeOffset now)
    {
        var (over, heldBack, causes) = (new HashSet<Guid>(), new HashSet<Guid>(), new Dictionary<Guid, Incident?>());
        foreach (var id in incidents.Distinct().ToList())
        {
            var item = await services.Store.Find(_projectId, WorkKinds.Incident, id, CancellationToken.None);
            if (item?.Status is { } status && (status == WorkJson.WordOf(IncidentStatus.Resolved)
                || status == WorkJson.WordOf(IncidentStatus.Suppressed)))
                over.Add(id);
            else if (item?.CauseId is not null && Read(item) is { } incident && await IsHeldBack(incident, causes, now))
                heldBack.Add(id);
        }

        return (over, heldBack);
    }

    /// <summary>Whether one of its causes goes on, by the measure of the correlation.</summary>
    /// <param name="causes">Those read so far in this turn.</param>
    private async Task<bool> IsHeldBack(Incident incident, Dictionary<Guid, Incident?> causes, DateTimeOffset now)
    {
        var next = incident.CauseId;
        for (var i = 0; i < MaxCauses && next is { } id; i++)
        {
            if (!causes.TryGetValue(id, out var cause))
                causes[id] = cause = Read(await services.Store.Find(_projectId, WorkKinds.Incident, id, CancellationToken.None));
            if (cause is not null && CauseFinder.HoldsUntil(cause, incident) > now)
                return true;
            next = cause?.CauseId;
        }

        return false;
    }

    /// <summary>An incident as its row has it; null when it is gone or damaged: rather one message too many than one too few.</summary>
    private Incident? Read(WorkItem? item)
    {
        try
        {
            return item is null ? null : WorkJson.Read<Incident>(item.Body);
        }
        catch (InvalidDataException error)
        {
            services.Log.LogError(error, "Incident {IncidentId} cannot be read; it holds back no message", item!.Id);
            return null;
        }
    }

    /// <summary>
    /// Those whose deliveries are dead as of this turn, as they now are: of two who ask at once, the second must not have sent again what
    /// was delivered for the first.
    /// </summary>
    private async Task<List<Revival>> StillDead(List<NotifierInput> inputs)
    {
        var dead = new List<Revival>();
        foreach (var revival in inputs.Select(i => i.Revival).OfType<Revival>().DistinctBy(r => r.Delivery.Id))
        {
            var item = await services.Store.Find(_projectId, WorkKinds.Delivery, revival.Delivery.Id, CancellationToken.None);
            if (item?.Status == TemplateContext.Word(DeliveryStatus.Dead))
                dead.Add(revival with { Delivery = NotificationJson.Read<DeliveryState>(item.Body) });
        }

        return dead;
    }

    private async Task<Dictionary<Guid, DeviceFacts>> Devices(IEnumerable<Guid> ids)
    {
        var found = new Dictionary<Guid, DeviceFacts>();
        foreach (var part in ids.Chunk(AskedAtOnce))
        {
            foreach (var (id, facts) in await Task.WhenAll(part.Select(async id => (id, await Device(id)))))
            {
                if (facts is not null)
                    found[id] = facts;
            }
        }

        return found;
    }

    /// <summary>A device that cannot be asked mutes nothing: rather one message too many than one too few.</summary>
    private async Task<DeviceFacts?> Device(Guid id)
    {
        try
        {
            return await services.Devices.Get(_projectId, id);
        }
        catch (Exception error)
        {
            services.Log.LogWarning(error, "Device {DeviceId} could not be asked whether it is in maintenance", id);
            return null;
        }
    }

    /// <summary>A schedule that does not answer says so: the project's owner is told in place of who would have been on call.</summary>
    private async Task<Dictionary<string, OnCallNow>> OnCall(NotificationBook book, DateTimeOffset at)
    {
        var found = new Dictionary<string, OnCallNow>(StringComparer.Ordinal);
        foreach (var schedule in TargetFinder.SchedulesOf(_recipient, book))
        {
            try
            {
                found[schedule] = await services.OnCall.WhoIsOnCall(_projectId, schedule, at).AsTask().WaitAsync(AskFor, services.Time);
            }
            catch (Exception error)
            {
                found[schedule] = OnCallNow.Failed($"it did not answer: {error.Message}");
                services.Log.LogWarning(error, "Schedule {Schedule} of project {ProjectId} did not say who is on call", schedule,
                    _projectId);
            }
        }

        return found;
    }

    private async Task EnsureReminder()
    {
        if (_hasReminder)
            return;
        await this.RegisterOrUpdateReminder(Reminder, WakePeriod, WakePeriod);
        _hasReminder = true;
    }

    private async Task DropReminder()
    {
        _hasReminder = false;
        if (await this.GetReminder(Reminder) is { } reminder)
            await this.UnregisterReminder(reminder);
    }
}
