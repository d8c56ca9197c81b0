using EsoCore.Events;
using EsoCore.Grains.Events;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Sites;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Sites;

/// <summary>
/// A site: what people say of it, and which of its devices are online. The latter is read from the devices' rows at activation and kept up
/// to date by their transitions; the rows are the truth, so nothing of it is written here and a transition is confirmed as it comes.
/// </summary>
[GrainType("site"), ImplicitStreamSubscription(TransitionStreams.Sites)]
internal sealed class SiteGrain(
    IResourceStore resources,
    ResourceLimits limits,
    IDeviceStore devices,
    IOutboxStore outbox,
    TimeProvider time,
    ILogger<SiteGrain> log) : Grain, ISiteGrain, IStreamSubscriptionObserver
{
    /// <summary>Devices that a site follows, those that left it since it was read included.</summary>
    public const int MaxDevices = 100_000;

    /// <summary>Rows read in one go.</summary>
    public const int ReadAtOnce = 5_000;

    /// <summary>How often the rows are read again: what was told to another activation of this site meanwhile is put right then.</summary>
    public static readonly TimeSpan RereadPeriod = TimeSpan.FromMinutes(10);

    private ResourceDocument<SiteDefinition> _definition = null!;
    private TransitionConfirmer _confirmer = null!;
    private SitePresence _presence = null!;
    private Guid _projectId;
    private string _id = "";
    private bool _fullTold;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        (_projectId, _id) = ProjectKey.Parse(key);
        _definition = new ResourceDocument<SiteDefinition>(resources, limits, time, _projectId, ResourceKinds.Site, _id);
        _confirmer = new TransitionConfirmer(TransitionStreams.Sites, key, outbox, log);
        await _definition.Load();
        await ReadPresence(cancellationToken);
        this.RegisterGrainTimer(ReadPresence, new GrainTimerCreationOptions(RereadPeriod, RereadPeriod));
    }

    /// <inheritdoc/>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<TransitionList>().ResumeAsync((list, _) => Receive(list));

    /// <inheritdoc/>
    public Task<SiteView?> Get()
    {
        if (_definition.Current is not { } site)
        {
            if (_presence.Count == 0)
                DeactivateOnIdle();
            return Task.FromResult<SiteView?>(null);
        }

        var now = _presence;
        return Task.FromResult<SiteView?>(new SiteView(site, now.Here, now.Online, now.Here - now.Online, now.OnlineDevices));
    }

    /// <inheritdoc/>
    public async Task<EditResult<SiteDefinition>> Put(SiteDefinition definition, long? expectedVersion, bool onlyCreate)
    {
        var errors = SiteValidator.Validate(_id, definition);
        return errors.IsEmpty ? await _definition.Put(definition, expectedVersion, onlyCreate) : EditResult<SiteDefinition>.Faulty(errors);
    }

    /// <inheritdoc/>
    public Task<EditResult<SiteDefinition>> Delete(long? expectedVersion) => _definition.Delete(expectedVersion);

    private async Task Receive(TransitionList list)
    {
        await ReadUnknown(list);
        foreach (var transition in list.Items)
        {
            try
            {
                if (HasRoomFor(transition.DeviceId))
                    _presence.Take(transition);
            }
            catch (NotSupportedException error)
            {
                // Confirmed all the same: sent again it would fail again.
                log.LogError(error, "Skipped a transition of device {DeviceId} at {Position} to site {Site}",
                    transition.DeviceId, transition.Position, _id);
            }
        }

        _confirmer.Confirm(list.Items);
    }

    /// <summary>A device not heard of here may be new, or have left long ago and its transition come late: its row tells which.</summary>
    private async Task ReadUnknown(TransitionList list)
    {
        Guid[] unknown = [.. list.Items.Select(i => i.DeviceId).Distinct().Where(id => !_presence.Knows(id))];
        foreach (var part in unknown.Chunk(ReadAtOnce))
            Take(_presence, await devices.FindPresence(part, CancellationToken.None));
    }

    /// <summary>Memory starts from the rows. Transitions wait meanwhile: those committed before are in the rows, others follow.</summary>
    private async Task ReadPresence(CancellationToken cancel)
    {
        var presence = new SitePresence(_projectId, _id);
        ImmutableArray<DevicePresence> rows;
        var after = Guid.Empty;
        do
        {
            rows = await devices.ReadSitePresence(_projectId, _id, after, ReadAtOnce, cancel);
            Take(presence, rows);
            after = rows.IsEmpty ? after : rows[^1].DeviceId;
        }
        while (rows.Length == ReadAtOnce && presence.Count < MaxDevices);
        _presence = presence;
    }

    private void Take(SitePresence presence, ImmutableArray<DevicePresence> rows)
    {
        foreach (var row in rows)
        {
            if (HasRoomFor(row.DeviceId, presence))
                presence.Take(row);
        }
    }

    private bool HasRoomFor(Guid device, SitePresence? presence = null)
    {
        presence ??= _presence;
        if (presence.Count < MaxDevices || presence.Knows(device))
            return true;
        if (!_fullTold)
            log.LogError("Site {Site} follows {Max} devices and can take no more: device {DeviceId} is left out", _id, MaxDevices, device);
        _fullTold = true;
        return false;
    }
}
