using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Tests.Support;
using EsoCore.Tickets;
using Xunit;

namespace EsoCore.Tests.Tickets;

public sealed class TicketGrainTests : IAsyncLifetime
{
    private readonly Guid _project = Guid.NewGuid();
    private GrainCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await GrainCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    private static readonly TicketDraft Draft = new("maintenance", "Oil the door", null, null, "r", null, "HALL", "A", "high", null, null,
        "rule:r");

    [Fact]
    public async Task Create_Twice_MakesOne()
    {
        var id = Guid.NewGuid();
        var ticket = Ticket(id);
        Assert.Null(await ticket.Get());
        Assert.Equal(EditOutcome.Created, (await ticket.Create(Draft)).Outcome);
        Assert.Equal(EditOutcome.AlreadyExists, (await ticket.Create(Draft with { Title = "other" })).Outcome);
        await _cluster.RestartAsync();
        Assert.Equal("Oil the door", (await Ticket(id).Get())!.Title);
        Assert.Single(_cluster.Stores.Items(WorkKinds.Ticket));
        Assert.Equal("ticket.created", Assert.Single(_cluster.Stores.Log).Action);
    }

    [Fact]
    public async Task Change_KeepsWhoAndWhenAndClosesOnce()
    {
        var ticket = Ticket(Guid.NewGuid());
        Assert.Equal(EditOutcome.NotFound, (await ticket.Change(To(TicketStatus.Done), "key:1", null)).Outcome);
        await ticket.Create(Draft);
        Assert.Equal(EditOutcome.VersionMismatch, (await ticket.Change(To(TicketStatus.Done), "key:1", 7)).Outcome);
        var done = await ticket.Change(To(TicketStatus.Done), "key:1", 1);
        Assert.Equal((EditOutcome.Changed, 2L, _cluster.Time.GetUtcNow()),
            (done.Outcome, done.Current!.Version, done.Current.Value.ClosedAt));
        Assert.Equal(2, (await ticket.Change(To(TicketStatus.Done), "key:1", null)).Current!.Version);
        Assert.Null((await ticket.Change(To(TicketStatus.InProgress), "key:1", null)).Current!.Value.ClosedAt);
        Assert.Equal("in_progress", Assert.Single(_cluster.Stores.Items(WorkKinds.Ticket)).Status);
        Assert.Equal(["ticket.created", "ticket.done", "ticket.in_progress"], _cluster.Stores.Log.Select(l => l.Action).Order());
    }

    [Fact]
    public async Task Change_ThatClosesIt_LetsItsStateGoInTime()
    {
        var (id, kept) = (Guid.NewGuid(), Guid.NewGuid());
        foreach (var ticket in new[] { Ticket(id), Ticket(kept) })
        {
            await ticket.Create(Draft);
            await ticket.Change(To(TicketStatus.Done), "key:1", null);
        }

        await Ticket(kept).Change(To(TicketStatus.InProgress), "key:1", null);
        Assert.True(_cluster.Stores.ComeToRest(_project, $"ticket/{id:D}"));
        Assert.False(_cluster.Stores.ComeToRest(_project, $"ticket/{kept:D}"));
        await _cluster.RestartAsync();
        Assert.Null(await Ticket(id).Get());
        Assert.NotNull(await Ticket(kept).Get());
    }

    [Fact]
    public async Task Create_Faulty_NamesEveryFault()
    {
        var result = await Ticket(Guid.NewGuid())
            .Create(Draft with { Kind = "party", Title = "", Assignee = "", Notes = new string('x', 9_000) });
        Assert.Equal(["kind", "title", "assignee", "notes"], result.Errors.Select(e => e.Field));
    }

    private static TicketChange To(TicketStatus status) => new("maintenance", "Oil the door", status, null, null, null);

    private ITicketGrain Ticket(Guid id) => _cluster.Client.GetGrain<ITicketGrain>(ProjectKey.Of(_project, $"{id:D}"));
}
