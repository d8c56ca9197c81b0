using System.Text.Json;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Notifications;

/// <summary>Reads what a project has to do with notifications. It keeps nothing, so that lists are as the store has them.</summary>
[GrainType("notifications")]
internal sealed class NotificationsGrain(IResourceStore resources, IWorkStore work, ILogger<NotificationsGrain> log)
    : Grain, INotificationsGrain
{
    private Guid ProjectId => Guid.ParseExact(this.GetPrimaryKeyString(), "D");

    /// <inheritdoc/>
    public Task<Page<Versioned<PersonDefinition>>> ListPeople(PageRequest page) => List<PersonDefinition>(ResourceKinds.Person, page);

    /// <inheritdoc/>
    public async Task<Page<Versioned<TeamDefinition>>> ListTeams(PageRequest page)
    {
        var part = await List<TeamDefinition>(ResourceKinds.Team, page);
        if (page.After is not null)
            return part;
        var stored = new List<Versioned<TeamDefinition>>();
        foreach (var (id, team) in BuiltInTeams.All)
        {
            if (await resources.Find(ProjectId, ResourceKinds.Team, id, CancellationToken.None) is null or { Deleted: true })
                stored.Add(new Versioned<TeamDefinition>(id, 0, team));
        }

        return part with { Items = [.. part.Items.Concat(stored).OrderBy(t => t.Id, StringComparer.Ordinal)] };
    }

    /// <inheritdoc/>
    public async Task<Page<Versioned<ChannelDefinition>>> ListChannels(PageRequest page)
    {
        var part = await List<StoredChannel>(ResourceKinds.Channel, page);
        return new Page<Versioned<ChannelDefinition>>(
            [.. part.Items.Select(c => new Versioned<ChannelDefinition>(c.Id, c.Version, c.Value.Definition))], part.Next)
        {
            Damaged = part.Damaged,
        };
    }

    /// <inheritdoc/>
    public Task<Page<Versioned<SilenceDefinition>>> ListSilences(PageRequest page) => List<SilenceDefinition>(ResourceKinds.Silence, page);

    /// <inheritdoc/>
    public Task<Page<Versioned<MaintenanceWindowDefinition>>> ListMaintenanceWindows(PageRequest page) =>
        List<MaintenanceWindowDefinition>(ResourceKinds.MaintenanceWindow, page);

    /// <inheritdoc/>
    public async Task<ImmutableArray<Versioned<TemplateDefinition>>> ListTemplates()
    {
        var own = await List<TemplateDefinition>(ResourceKinds.Template, new PageRequest(INotificationsGrain.MaxTemplates));
        var byId = own.Items.ToDictionary(t => t.Id, StringComparer.Ordinal);
        return [.. DefaultTemplates.All.Select(t => byId.GetValueOrDefault(t.Key) ?? new Versioned<TemplateDefinition>(t.Key, 0, t.Value))];
    }

    /// <inheritdoc/>
    public async Task<Page<Delivery>> ListDeliveries(DeliveryFilter filter, PageRequest page)
    {
        var request = new WorkFilter(
            WorkKinds.Delivery, filter.Status is null ? [] : [filter.Status], CauseId: filter.IncidentId, From: filter.From, To: filter.To);
        var part = await work.List(ProjectId, request, Bounded(page), CancellationToken.None);
        return new Page<Delivery>([.. part.Items.Select(Read).OfType<Delivery>()], part.Next);
    }

    /// <inheritdoc/>
    public async Task<Delivery?> FindDelivery(Guid id) =>
        await work.Find(ProjectId, WorkKinds.Delivery, id, CancellationToken.None) is { } item ? Read(item) : null;

    /// <inheritdoc/>
    public async Task<EditResult<Delivery>> SendAgain(Guid id, string actor) =>
        await FindDelivery(id) is { } delivery
            ? await GrainFactory.GetGrain<INotifierGrain>(ProjectKey.Of(ProjectId, delivery.Recipient)).SendAgain(id, actor)
            : EditResult<Delivery>.Of(EditOutcome.NotFound);

    private async Task<Page<Versioned<T>>> List<T>(string kind, PageRequest page)
    {
        return ResourceDocument<T>.ReadAll(await resources.List(ProjectId, kind, Bounded(page), CancellationToken.None), log);
    }

    /// <summary>A row that cannot be read is left out, and spoils no list.</summary>
    private Delivery? Read(WorkItem item)
    {
        try
        {
            return NotificationJson.Read<DeliveryState>(item.Body).ToView();
        }
        catch (JsonException error)
        {
            log.LogError(error, "The delivery {Id} of project {ProjectId} cannot be read", item.Id, ProjectId);
            return null;
        }
    }

    private static PageRequest Bounded(PageRequest page) => page with { Limit = Math.Clamp(page.Limit, 1, PageRequest.MaxLimit) };
}
