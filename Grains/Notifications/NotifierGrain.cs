using EsoCore.Grains.Projects;
using EsoCore.Notifications;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Tells one recipient. Whatever comes in (notices, reports of sent messages, the clock) is taken by one loop, turn by turn:
/// <list type="number">
/// <item>read what the stages need: the project's book, the devices of the notices, who is on call;</item>
/// <item>run the stages on the state (<see cref="NotifierPipeline"/>);</item>
/// <item>one commit: state, deliveries, audit trail;</item>
/// <item>answer whoever waits for the commit, and start sending what it made durable.</item>
/// </list>
/// A message is thus committed with its key before it is sent, and recorded as sent after. A crash in between sends it again, with the key.
/// </summary>
[GrainType("notifier")]
internal sealed partial class NotifierGrain(NotifierServices services) : Grain, INotifierGrain, IRemindable
{
    /// <summary>How soon a turn is tried again that the storage refused.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>How often the reminder wakes a notifier with something pending.</summary>
    public static readonly TimeSpan WakePeriod = TimeSpan.FromMinutes(1);

    /// <summary>The longest sleep of the timer.</summary>
    private static readonly TimeSpan MaxSleep = TimeSpan.FromHours(1);

    private const string Reminder = "pending";

    private readonly Queue<NotifierInput> _inputs = new();
    private readonly HashSet<Guid> _inFlight = [];
    private readonly CancellationTokenSource _stopping = new();
    private Guid _projectId;
    private string _recipient = "";
    private IGrainTimer _timer = null!;
    private bool _isPumping;
    private bool _isLeaving;
    private Task _turns = Task.CompletedTask;
    private bool _hasReminder;
    private bool _mustRetry;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (_projectId, _recipient) = ProjectKey.Parse(this.GetPrimaryKeyString());
        // At once: what an earlier activation left pending must not wait for the next call.
        _timer = this.RegisterGrainTimer(
            OnTimer, new GrainTimerCreationOptions(TimeSpan.Zero, Timeout.InfiniteTimeSpan) { Interleave = true, KeepAlive = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // What is on its way ends first and is recorded: cut off, its target may have taken it, and it would be sent a second time.
        _isLeaving = true;
        try
        {
            await LastReports().WaitAsync(services.Options.SendTimeout, services.Time, cancellationToken);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            services.Log.LogWarning("{Count} messages of {Recipient} did not end before it did; they are sent again", _inFlight.Count,
                _recipient);
        }
        finally
        {
            _stopping.Cancel();
        }
    }

    private async Task LastReports()
    {
        await Task.WhenAll(_sending);
        await _turns;
    }

    /// <inheritdoc/>
    public Task Enqueue(ImmutableArray<Notice> notices)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(notices.Length, INotifierGrain.MaxNotices);
        return notices.IsEmpty ? Task.CompletedTask : Submit(new NotifierInput { Notices = notices });
    }

    /// <inheritdoc/>
    public async Task<EditResult<Delivery>> SendAgain(Guid deliveryId, string actor)
    {
        var item = await services.Store.Find(_projectId, Storage.WorkKinds.Delivery, deliveryId, CancellationToken.None);
        if (item is null || item.Owner != RecordStage.OwnerOf(_recipient))
            return EditResult<Delivery>.Of(EditOutcome.NotFound);
        var delivery = NotificationJson.Read<DeliveryState>(item.Body);
        if (delivery.Status != DeliveryStatus.Dead)
            return EditResult<Delivery>.Faulty(new FieldError("status", $"is {item.Status}; only what is dead is sent again"));
        if (delivery.Channel is null)
            return await AddressAnew(delivery, actor);
        if (_state?.HasRoomFor(delivery) == false)
            return EditResult<Delivery>.Faulty(new FieldError("status", "stays dead: too many messages wait for its channel"));
        await Submit(new NotifierInput { Revival = new Revival(delivery, actor) });
        var revived = delivery with
        {
            Status = DeliveryStatus.Pending, Reason = null, FinishedAt = null, NextAt = services.Time.GetUtcNow(),
        };
        return EditResult<Delivery>.Of(EditOutcome.Changed, new Versioned<Delivery>(deliveryId.ToString("D"), 1, revived.ToView()));
    }

    /// <summary>Has a message that had nowhere to go addressed by what there is now, and tells what came of it.</summary>
    private async Task<EditResult<Delivery>> AddressAnew(DeliveryState dead, string actor)
    {
        if (dead.Meant is null)
            return NotPossible("cannot be found: the message was made by an older version, which kept no more of it than its text");
        await Submit(new NotifierInput { Revival = new Revival(dead, actor) });
        var item = await services.Store.Find(_projectId, Storage.WorkKinds.Delivery, dead.Id, CancellationToken.None);
        var now = item is null ? dead : NotificationJson.Read<DeliveryState>(item.Body);
        if (now.Channel is not null)
            return EditResult<Delivery>.Of(EditOutcome.Changed, new Versioned<Delivery>(dead.Id.ToString("D"), 1, now.ToView()));
        var meant = string.Join(", ", dead.MeantFor is { Length: > 0 } missed ? missed.Select(m => m.Id) : [_recipient]);
        return NotPossible($"is still missing: no channel in use leads to {meant}, nor to the project's owner");
    }

    private static EditResult<Delivery> NotPossible(string why) => new(EditOutcome.NotPossible, null, [new FieldError("address", why)]);

    /// <inheritdoc/>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        _hasReminder = true;
        return Submit(new NotifierInput { IsReminder = true });
    }

    private Task OnTimer(CancellationToken cancel)
    {
        Pump();
        return Task.CompletedTask;
    }

    private Task Submit(NotifierInput input)
    {
        if (_inputs.Count >= NotificationLimits.WaitingInputs)
            throw new InvalidOperationException($"More than {NotificationLimits.WaitingInputs} calls wait for {_recipient}.");
        _inputs.Enqueue(input);
        Pump();
        return input.Done.Task;
    }

    /// <summary>Starts the loop unless it runs. It belongs to no call, so that none waits for what others bring.</summary>
    private void Pump()
    {
        if (_isPumping)
            return;
        _isPumping = true;
        _turns = RunTurns();
    }

    private async Task RunTurns()
    {
        try
        {
            do
            {
                var inputs = new List<NotifierInput>();
                while (inputs.Count < NotificationLimits.InputsPerTurn && _inputs.TryDequeue(out var input))
                    inputs.Add(input);
                _mustRetry = false;
                await TakeTurn(inputs);
            }
            while (_inputs.Count > 0 && !_mustRetry);
        }
        finally
        {
            _isPumping = false;
            Sleep();
        }
    }

    /// <summary>Sets the timer for what comes due next.</summary>
    private void Sleep()
    {
        if (_isLeaving)
            return;
        var now = services.Time.GetUtcNow();
        var next = _mustRetry ? now + RetryAfter : NextDue();
        var wait = next is null ? Timeout.InfiniteTimeSpan
            : next <= now ? TimeSpan.Zero
            : next.Value - now < MaxSleep ? next.Value - now : MaxSleep;
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private DateTimeOffset? NextDue()
    {
        if (_state is null)
            return null;
        var next = _state.Groups.Values.Min(g => g.DueAt);
        foreach (var held in _state.Held)
            next = next < held.Until ? next : held.Until;
        var load = _state.Load(_inFlight);
        foreach (var delivery in _state.Deliveries.Values)
        {
            // Where a channel is busy, the report of one message starts the next.
            if (!_inFlight.Contains(delivery.Id) && !(next <= delivery.NextAt)
                && load.GetValueOrDefault(delivery.Channel ?? "") < services.Options.MaxInFlight)
                next = delivery.NextAt;
        }

        return next;
    }

    /// <summary>
    /// Sends one message and hands in how it fared. Outside of any turn, so that a slow target keeps nothing else waiting.
    /// </summary>
    private async Task Send(DeliveryState delivery, NotificationBook book)
    {
        SendResult result;
        try
        {
            var access = services.Senders.Open(_projectId, delivery.Channel!, book.Channels.GetValueOrDefault(delivery.Channel!));
            result = access is null
                ? SendResult.Permanent(ChannelSenders.CannotOpen, channelRefused: true)
                : await services.Senders.Send(delivery.Kind!, Outgoing(delivery, access), _stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return; // The grain ends; whoever wakes it sends the message again, under the same key.
        }
        catch (Exception error)
        {
            // Unreported it would count as on its way for ever.
            services.Log.LogError(error, "Message {DeliveryId} of {Recipient} could not be handed to its channel", delivery.Id, _recipient);
            result = SendResult.Retryable(error.Message);
        }

        _inputs.Enqueue(new NotifierInput { Report = new SendReport(delivery.Id, result) });
        Pump();
        await TellChannel(delivery, result);
    }

    private async Task TellChannel(DeliveryState delivery, SendResult result)
    {
        if (delivery.Channel == ChannelSenders.InstallationMail || (result.Outcome != SendOutcome.Delivered && !result.ChannelRefused))
            return;
        if (result.ChannelRefused && !SendStage.IsLastRefusal(services.Options, delivery))
            return; // Tried again first: one message that meets a deployment is not to disable the channel.
        try
        {
            await GrainFactory.GetGrain<IChannelGrain>(ProjectKey.Of(_projectId, delivery.Channel!))
                .Fared(result.ChannelRefused, result.Detail);
        }
        catch (Exception error)
        {
            services.Log.LogWarning(error, "Channel {Channel} of project {ProjectId} could not be told how a message fared",
                delivery.Channel, _projectId);
        }
    }

    private OutgoingMessage Outgoing(DeliveryState delivery, ChannelAccess access) => new(
        delivery.Id, access, delivery.To ?? "", delivery.Subject, delivery.Text, delivery.Severity, delivery.Payload,
        new Dictionary<string, string>
        {
            ["severity"] = delivery.Severity,
            ["recipient"] = delivery.Recipient,
            ["incident_id"] = delivery.Incident?.Id.ToString("D") ?? "",
            ["rule"] = delivery.Incident?.RuleId ?? "",
            ["device_id"] = delivery.Incident?.DeviceId?.ToString("D") ?? "",
            ["site_id"] = delivery.Incident?.SiteId ?? "",
            ["asset_id"] = delivery.Incident?.AssetId ?? "",
            ["project_id"] = _projectId.ToString("D"),
            ["count"] = delivery.Total.ToString(System.Globalization.CultureInfo.InvariantCulture),
        }.ToImmutableSortedDictionary(StringComparer.Ordinal),
        delivery.CreatedAt);
}
