using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Common;
using EsoCore.Grains.Events;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Sites;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Sites;

/// <summary>A site: what people say of it, and which of its devices are online, as their transitions tell.</summary>
[GrainType("site"), ImplicitStreamSubscription(TransitionStreams.Sites)]
internal sealed class SiteGrain(
    [PersistentState("state", "default")] IPersistentState<SiteState> state,
    IResourceStore resources,
    ResourceLimits limits,
    IOutboxStore outbox,
    ILogger<SiteGrain> log) : Grain, ISiteGrain, IStreamSubscriptionObserver, IRemindable
{
    /// <summary>Devices that a site follows, those that left it included.</summary>
    public const int MaxDevices = 100_000;

    /// <summary>Up to this many devices every list is written at once.</summary>
    public const int SmallSite = 1_000;

    /// <summary>
    /// How long a larger site gathers lists before it writes, by device: 100,000 devices (2 MB) are written every 5 s at most.
    /// </summary>
    public static readonly TimeSpan WriteDelayPerDevice = TimeSpan.FromMicroseconds(50);

    /// <summary>How often a site with devices online makes sure that they still are.</summary>
    public static readonly TimeSpan LivenessPeriod = TimeSpan.FromMinutes(5);

    /// <summary>Devices asked at one time.</summary>
    private const int AskedAtOnce = 16;

    private const string LivenessReminder = "liveness";

    private ResourceDocument<SiteDefinition> _definition = null!;
    private TransitionInbox _inbox = null!;
    private string _id = "";
    private int _here;
    private int _online;
    private bool _hasReminder;
    private bool _isAsking;
    private IGrainTimer? _writeTimer;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        (var projectId, _id) = ProjectKey.Parse(key);
        _definition = new ResourceDocument<SiteDefinition>(resources, limits, projectId, ResourceKinds.Site, _id);
        _inbox = new TransitionInbox(TransitionStreams.Sites, key, MaxDevices, outbox, log);
        await _definition.Load();
        LoadPresence();
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_inbox.HasUnwritten)
            await WritePresence();
    }

    /// <inheritdoc/>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<TransitionList>().ResumeAsync((list, _) => Receive(list));

    /// <inheritdoc/>
    public Task<SiteView?> Get()
    {
        if (_definition.Current is not { } site)
        {
            if (_inbox.Sources.Count == 0)
                DeactivateOnIdle();
            return Task.FromResult<SiteView?>(null);
        }

        ImmutableArray<Guid> online = [.. OnlineDevices().Order()];
        return Task.FromResult<SiteView?>(new SiteView(site, _here, online.Length, _here - online.Length, online));
    }

    /// <inheritdoc/>
    public async Task<EditResult<SiteDefinition>> Put(SiteDefinition definition, long? expectedVersion, bool onlyCreate)
    {
        var errors = SiteValidator.Validate(_id, definition);
        return errors.IsEmpty ? await _definition.Put(definition, expectedVersion, onlyCreate) : EditResult<SiteDefinition>.Faulty(errors);
    }

    /// <inheritdoc/>
    public Task<EditResult<SiteDefinition>> Delete(long? expectedVersion) => _definition.Delete(expectedVersion);

    /// <summary>
    /// Asks the devices believed online whether they still are. A device's own timer tells its silence; when the process that ran it died,
    /// this is what finds out.
    /// </summary>
    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        _hasReminder = true;
        if (_isAsking || reminderName != LivenessReminder)
            return Task.CompletedTask;

        // On a timer that interleaves, so that transitions and edits do not wait until 100,000 devices were asked.
        _isAsking = true;
        this.RegisterGrainTimer(AskDevices, new GrainTimerCreationOptions(TimeSpan.Zero, Timeout.InfiniteTimeSpan) { Interleave = true });
        return Task.CompletedTask;
    }

    private async Task AskDevices(CancellationToken cancel)
    {
        try
        {
            foreach (var part in OnlineDevices().ToArray().Chunk(AskedAtOnce))
            {
                cancel.ThrowIfCancellationRequested();
                await Task.WhenAll(part.Select(Ask));
            }

            await KeepReminder();
        }
        finally
        {
            _isAsking = false;
        }
    }

    private async Task Ask(Guid device)
    {
        try
        {
            await GrainFactory.GetGrain<IDeviceGrain>(device.ToString("D")).CheckLiveness();
        }
        catch (Exception error)
        {
            log.LogWarning(error, "Device {DeviceId} could not be asked whether it is online; it is asked again in {Period}", device, LivenessPeriod);
        }
    }

    private async Task Receive(TransitionList list)
    {
        _inbox.Receive(list, Apply);
        if (!_inbox.HasUnwritten || _inbox.Sources.Count <= SmallSite || _inbox.IsWriteDue)
            await WritePresence();
        else
            _writeTimer ??= this.RegisterGrainTimer(
                _ => WritePresence(), new GrainTimerCreationOptions(WriteDelayPerDevice * _inbox.Sources.Count, Timeout.InfiniteTimeSpan));
    }

    private byte Apply(Transition transition, byte before)
    {
        var after = SitePresence.After(transition.Body);
        Count(before, -1);
        Count(after, +1);
        return after;
    }

    private void Count(byte flags, int step)
    {
        _here += (flags & SitePresence.Here) != 0 ? step : 0;
        _online += (flags & SitePresence.Online) != 0 ? step : 0;
    }

    private async Task WritePresence()
    {
        _writeTimer?.Dispose();
        _writeTimer = null;
        await _inbox.Commit(Write, Reload, DeactivateOnIdle);
        await KeepReminder();
    }

    private Task Write()
    {
        state.State = state.State with { Format = SiteState.CurrentFormat, Sources = _inbox.Sources.Pack() };
        return state.WriteStateAsync();
    }

    private async Task Reload()
    {
        await state.ReadStateAsync();
        LoadPresence();
    }

    private void LoadPresence()
    {
        StateFormat.Check(state.State.Format, SiteState.CurrentFormat, $"site '{_id}'");
        _inbox.Load(state.State.Sources);
        (_here, _online) = (0, 0);
        foreach (var source in _inbox.Sources.All.Values)
            Count(source.Flags, +1);
    }

    private IEnumerable<Guid> OnlineDevices() =>
        _inbox.Sources.All.Where(s => (s.Value.Flags & SitePresence.Online) != 0).Select(s => s.Key);

    /// <summary>A reminder while anybody is online, none otherwise. Failing to set it only puts it off to the next write.</summary>
    private async Task KeepReminder()
    {
        try
        {
            if (_online > 0 && !_hasReminder)
            {
                await this.RegisterOrUpdateReminder(LivenessReminder, LivenessPeriod, LivenessPeriod);
                _hasReminder = true;
            }
            else if (_online == 0 && _hasReminder)
            {
                if (await this.GetReminder(LivenessReminder) is { } reminder)
                    await this.UnregisterReminder(reminder);
                _hasReminder = false;
            }
        }
        catch (Exception error)
        {
            log.LogWarning(error, "The liveness reminder of site {Site} could not be set or taken away", _id);
        }
    }
}
