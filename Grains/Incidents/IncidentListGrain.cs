using EsoCore.Grains.Storage;
using EsoCore.Incidents;
using EsoCore.Tickets;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Incidents;

/// <summary>Reads lists of incidents, tickets and the trail; it keeps nothing.</summary>
[StatelessWorker, GrainType("incident-list")]
internal sealed class IncidentListGrain(IWorkStore store, ILogger<IncidentListGrain> log) : Grain, IIncidentListGrain
{
    private Guid ProjectId => Guid.ParseExact(this.GetPrimaryKeyString(), "D");

    /// <inheritdoc/>
    public Task<Page<Incident>> List(IncidentFilter filter, PageRequest page) => List<Incident>(
        new WorkFilter(
            WorkKinds.Incident, filter.Statuses.IsDefault ? [] : [.. filter.Statuses.Select(WorkJson.WordOf)], filter.Severity, filter.RuleId,
            filter.DeviceId, filter.SiteId, filter.AssetId, filter.CauseId, filter.From, filter.To),
        page);

    /// <inheritdoc/>
    public async Task<IncidentDetails?> Find(Guid id)
    {
        if (await store.Find(ProjectId, WorkKinds.Incident, id, CancellationToken.None) is not { } item)
            return null;
        var few = new PageRequest(IIncidentListGrain.MaxDetails);
        var consequences = await List<Incident>(new WorkFilter(WorkKinds.Incident, CauseId: id), few);
        var trail = await ReadTrail(new TrailFilter(id, null, null, null, null), few);
        return new IncidentDetails(WorkJson.Read<Incident>(item.Body), consequences.Items, trail.Items);
    }

    /// <inheritdoc/>
    public Task<Page<Ticket>> ListTickets(TicketFilter filter, PageRequest page) => List<Ticket>(
        new WorkFilter(
            WorkKinds.Ticket, filter.Statuses.IsDefault ? [] : [.. filter.Statuses.Select(WorkJson.WordOf)], DeviceId: filter.DeviceId,
            SiteId: filter.SiteId, AssetId: filter.AssetId, CauseId: filter.IncidentId, From: filter.From, To: filter.To),
        page);

    /// <inheritdoc/>
    public async Task<Page<TrailEntry>> ReadTrail(TrailFilter filter, PageRequest page)
    {
        var read = await store.ReadLog(
            ProjectId, new LogFilter(filter.ItemId, filter.DeviceId, filter.Action, filter.From, filter.To), Bounded(page), CancellationToken.None);
        return new Page<TrailEntry>(
            [.. read.Items.Select(l => new TrailEntry(l.Id, l.At, l.Actor, l.Action, l.ItemId, l.DeviceId, new JsonText(l.Body)))], read.Next);
    }

    private async Task<Page<T>> List<T>(WorkFilter filter, PageRequest page)
    {
        var read = await store.List(ProjectId, filter, Bounded(page), CancellationToken.None);
        var items = ImmutableArray.CreateBuilder<T>(read.Items.Length);
        foreach (var item in read.Items)
        {
            try
            {
                items.Add(WorkJson.Read<T>(item.Body));
            }
            catch (InvalidDataException error)
            {
                log.LogError(error, "The {Kind} {Id} cannot be read and is left out of the list", item.Kind, item.Id);
            }
        }

        return new Page<T>(items.ToImmutable(), read.Next);
    }

    private static PageRequest Bounded(PageRequest page) => page with { Limit = Math.Clamp(page.Limit, 1, PageRequest.MaxLimit) };
}
