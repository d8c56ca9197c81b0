using EsoCore.Assets;
using EsoCore.Events;
using EsoCore.Grains.Common;
using EsoCore.Grains.Events;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Assets;

/// <summary>An asset: what people say of it, and its cycles, as the transitions of its devices tell.</summary>
[GrainType("asset"), ImplicitStreamSubscription(TransitionStreams.Assets)]
internal sealed class AssetGrain(
    [PersistentState("state", "default")] IPersistentState<AssetState> state,
    IResourceStore resources,
    ResourceLimits limits,
    IOutboxStore outbox,
    TimeProvider time,
    ILogger<AssetGrain> log) : Grain, IAssetGrain, IStreamSubscriptionObserver
{
    /// <summary>Devices that can tell of one asset.</summary>
    public const int MaxSources = 1_024;

    private ResourceDocument<AssetDefinition> _definition = null!;
    private TransitionInbox _inbox = null!;
    private CycleState _cycles = CycleState.Empty;
    private string _code = "";

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        (var projectId, _code) = ProjectKey.Parse(key);
        _definition = new ResourceDocument<AssetDefinition>(resources, limits, time, projectId, ResourceKinds.Asset, _code);
        _inbox = new TransitionInbox(TransitionStreams.Assets, key, MaxSources, outbox, log);
        await _definition.Load();
        LoadCycles();
    }

    /// <inheritdoc/>
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<TransitionList>().ResumeAsync((list, _) => Receive(list));

    /// <inheritdoc/>
    public Task<AssetView?> Get()
    {
        if (_definition.Current is null && _inbox.Sources.Count == 0)
        {
            DeactivateOnIdle();
            return Task.FromResult<AssetView?>(null);
        }

        // From memory and not from the state: that one is only set when it is about to be written.
        return Task.FromResult<AssetView?>(new AssetView(_code, _definition.Current, CycleFold.ToCounts(_cycles)));
    }

    /// <inheritdoc/>
    public async Task<EditResult<AssetDefinition>> Put(AssetDefinition definition, long? expectedVersion, bool onlyCreate)
    {
        var errors = AssetValidator.Validate(_code, definition);
        if (!errors.IsEmpty)
            return EditResult<AssetDefinition>.Faulty(errors);
        return await _definition.Put(
            definition with
            {
                SiteId = string.IsNullOrEmpty(definition.SiteId) ? null : definition.SiteId,
                Tags = definition.Tags ?? ImmutableSortedDictionary<string, string>.Empty,
            },
            expectedVersion, onlyCreate);
    }

    /// <inheritdoc/>
    public Task<EditResult<AssetDefinition>> Delete(long? expectedVersion) => _definition.Delete(expectedVersion);

    private async Task Receive(TransitionList list)
    {
        _inbox.Receive(list, Apply);
        await _inbox.Commit(Write, Reload, DeactivateOnIdle);
    }

    private byte Apply(Transition transition, byte flags)
    {
        _cycles = CycleFold.Apply(_cycles, transition.At, transition.Body);
        return flags;
    }

    private Task Write()
    {
        state.State = state.State with { Format = AssetState.CurrentFormat, Sources = _inbox.Sources.Pack(), Cycles = _cycles };
        return state.WriteStateAsync();
    }

    private async Task Reload()
    {
        await state.ReadStateAsync();
        LoadCycles();
    }

    private void LoadCycles()
    {
        StateFormat.Check(state.State.Format, AssetState.CurrentFormat, $"asset '{_code}'");
        _inbox.Load(state.State.Sources);
        _cycles = state.State.Cycles;
    }
}
