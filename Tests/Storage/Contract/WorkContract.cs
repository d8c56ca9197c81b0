using System.Collections.Immutable;
using EsoCore.Grains.Storage;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Contract;

/// <summary>What grains above the device write.</summary>
public abstract class WorkContract : StorageContract
{
    private readonly Guid _project = Guid.NewGuid();

    [Fact]
    public async Task Commit_OverTheExpectedVersionOnly_WritesAllOrNothing()
    {
        var (item, line) = (Item(0), Line(0));
        Assert.Null(await Store.Work.Load(_project, "incident/r/device:1", None));
        Assert.False(await Store.Work.Commit(Step(1, "{1}", [item], [line]), None));
        Assert.Null(await Store.Work.Find(_project, item.Kind, item.Id, None));
        Assert.True(await Store.Work.Commit(Step(0, "{1}", [item], [line]), None));
        Assert.Equal(new StoredWork(1, "{1}"), await Store.Work.Load(_project, "incident/r/device:1", None));
        Assert.False(await Store.Work.Commit(Step(0, "{2}", [item with { Status = "resolved" }], [Line(1)]), None));
        Assert.False(await Store.Work.Commit(Step(2, "{2}", [item with { Status = "resolved" }], [Line(1)]), None));
        Assert.Equal(item, await Store.Work.Find(_project, item.Kind, item.Id, None));
        Assert.Single((await Store.Work.ReadLog(_project, new LogFilter(), new(), None)).Items);
        Assert.True(await Store.Work.Commit(Step(1, "{2}", [item with { Status = "resolved", Body = "{\"a\":2}" }],
            [line with { Body = "{9}" }]), None));
        Assert.Equal(new StoredWork(2, "{2}"), await Store.Work.Load(_project, "incident/r/device:1", None));
        Assert.Equal("resolved", (await Store.Work.Find(_project, item.Kind, item.Id, None))!.Status);
        Assert.Equal(line, Assert.Single((await Store.Work.ReadLog(_project, new LogFilter(), new(), None)).Items));
        Assert.Null(await Store.Work.Load(Guid.NewGuid(), "incident/r/device:1", None));
        Assert.Null(await Store.Work.Find(Guid.NewGuid(), item.Kind, item.Id, None));
        Assert.Null(await Store.Work.Find(_project, WorkKinds.Ticket, item.Id, None));
    }

    [Fact]
    public async Task Commit_TwoAtOnceOverOneVersion_OneWins()
    {
        Assert.True(await Store.Work.Commit(Step(0, "{0}", [], []), None));
        var won = await Task.WhenAll(Enumerable.Range(1, 8)
            .Select(i => Store.Work.Commit(Step(1, $"{{{i}}}", [Item(i)], [Line(i)]), None)));
        Assert.Single(won, w => w);
        Assert.Equal(2, (await Store.Work.Load(_project, "incident/r/device:1", None))!.Version);
        Assert.Single((await Store.Work.List(_project, new WorkFilter(WorkKinds.Incident), new(), None)).Items);
        Assert.Single((await Store.Work.ReadLog(_project, new LogFilter(), new(), None)).Items);
    }

    [Fact]
    public async Task Commit_AnItemTwice_KeepsTheLast()
    {
        var item = Item(0);
        Assert.True(await Store.Work.Commit(Step(0, "{}", [item, item with { Status = "resolved" }], []), None));
        Assert.Equal("resolved", (await Store.Work.Find(_project, item.Kind, item.Id, None))!.Status);
    }

    [Fact]
    public async Task List_ByPages_IsNewestFirstAndLosesNothingAtOneTime()
    {
        // Four at each time, so that pages of three are cut in the middle of them.
        var items = Enumerable.Range(0, 20).Select(i => Item(i / 4)).ToImmutableArray();
        Assert.True(await Store.Work.Commit(Step(0, "{}", items, []), None));
        var (read, next) = (new List<WorkItem>(), (string?)null);
        do
        {
            var page = await Store.Work.List(_project, new WorkFilter(WorkKinds.Incident), new(3, next), None);
            read.AddRange(page.Items);
            next = page.Next;
        }
        while (next is not null);
        Assert.Equal(items.OrderByDescending(i => i.At).ThenByDescending(i => i.Id), read);
        Assert.Empty((await Store.Work.List(Guid.NewGuid(), new WorkFilter(WorkKinds.Incident), new(), None)).Items);
        Assert.Empty((await Store.Work.List(_project, new WorkFilter(WorkKinds.Ticket), new(), None)).Items);
    }

    [Fact]
    public async Task List_WithAForeignToken_Throws()
    {
        Assert.True(await Store.Work.Commit(Step(0, "{}", [Item(0), Item(1)], [Line(0), Line(1)]), None));
        var next = (await Store.Work.List(_project, new WorkFilter(WorkKinds.Incident), new(1), None)).Next;
        await Assert.ThrowsAsync<FormatException>(() => Store.Work.ReadLog(_project, new LogFilter(), new(1, next), None));
        await Assert.ThrowsAsync<FormatException>(() =>
            Store.Work.List(_project, new WorkFilter(WorkKinds.Incident), new(1, "nonsense"), None));
    }

    [Fact]
    public async Task List_ByEachFilter_GivesWhatFits()
    {
        var (device, cause) = (Guid.NewGuid(), Guid.NewGuid());
        var plain = Item(0) with { Severity = null, RuleId = null };
        var full = Item(5) with { DeviceId = device, SiteId = "S", AssetId = "A/1", CauseId = cause, Severity = "high", RuleId = "r2",
            Status = "resolved" };
        Assert.True(await Store.Work.Commit(Step(0, "{}", [plain, full, Item(9)], []), None));

        var filter = new WorkFilter(WorkKinds.Incident);
        foreach (var one in new[]
        {
            filter with { DeviceId = device }, filter with { SiteId = "S" }, filter with { AssetId = "A/1" },
            filter with { CauseId = cause },
            filter with { Severity = "high" }, filter with { RuleId = "r2" }, filter with { Statuses = ["resolved"] },
            filter with { From = full.At, To = full.At.AddTicks(10) },
            filter with { DeviceId = device, SiteId = "S", Severity = "high", RuleId = "r2", Statuses = ["resolved", "x"], From = Start },
        })
            Assert.Equal(full, Assert.Single((await Store.Work.List(_project, one, new(), None)).Items));
        Assert.Equal(3, (await Store.Work.List(_project, filter with { Statuses = ["resolved", "open"] }, new(), None)).Items.Length);
        Assert.Empty((await Store.Work.List(_project, filter with { To = plain.At }, new(), None)).Items);
        Assert.Equal(plain, await Store.Work.Find(_project, plain.Kind, plain.Id, None));
    }

    [Fact]
    public async Task ReadLog_ByPagesAndFilters_IsNewestFirst()
    {
        var (item, device) = (Guid.NewGuid(), Guid.NewGuid());
        ImmutableArray<LogEntry> lines =
        [
            .. Enumerable.Range(0, 7).Select(i => Line(i / 3)), Line(4) with { ItemId = item, Action = "incident.resolved" },
            Line(5) with { DeviceId = device },
        ];
        Assert.True(await Store.Work.Commit(Step(0, "{}", [], lines), None));
        var first = await Store.Work.ReadLog(_project, new LogFilter(), new(5), None);
        var second = await Store.Work.ReadLog(_project, new LogFilter(), new(5, first.Next), None);
        Assert.Null(second.Next);
        Assert.Equal(lines.OrderByDescending(l => l.At).ThenByDescending(l => l.Id), first.Items.Concat(second.Items));
        Assert.Equal(lines[7], Assert.Single((await Store.Work.ReadLog(_project, new LogFilter(item), new(), None)).Items));
        Assert.Equal(lines[7], Assert.Single((await Store.Work.ReadLog(_project, new LogFilter(Action: "incident.resolved"), new(),
            None)).Items));
        Assert.Equal(lines[8], Assert.Single((await Store.Work.ReadLog(_project, new LogFilter(DeviceId: device), new(), None)).Items));
        Assert.Equal(2, (await Store.Work.ReadLog(_project, new LogFilter(From: lines[7].At), new(), None)).Items.Length);
        Assert.Equal(7, (await Store.Work.ReadLog(_project, new LogFilter(To: lines[7].At), new(), None)).Items.Length);
    }

    [Fact]
    public async Task Settle_AfterItsRetention_KeepsOnlyWhatIsUnderWay()
    {
        ImmutableArray<WorkItem> items =
        [
            Item(0), Item(0) with { Status = "resolved" }, Item(0) with { Kind = WorkKinds.Ticket },
            Item(0) with { Kind = WorkKinds.Ticket, Status = "done" },
            Item(0) with { Kind = WorkKinds.Delivery, Status = "sent" },
        ];
        Assert.True(await Store.Work.Commit(Step(0, "{}", items, [Line(0)]), None));
        Store.Advance(WorkRetention.Deliveries + TimeSpan.FromDays(1));
        await Store.Settle();
        Assert.Null(await Store.Work.Find(_project, WorkKinds.Delivery, items[4].Id, None));
        Assert.NotNull(await Store.Work.Find(_project, WorkKinds.Incident, items[1].Id, None));
        Store.Advance(WorkRetention.Items);
        await Store.Settle();
        Assert.Null(await Store.Work.Find(_project, WorkKinds.Incident, items[1].Id, None));
        Assert.Null(await Store.Work.Find(_project, WorkKinds.Ticket, items[3].Id, None));
        Assert.Empty((await Store.Work.ReadLog(_project, new LogFilter(), new(), None)).Items);
        Assert.NotNull(await Store.Work.Find(_project, WorkKinds.Incident, items[0].Id, None));
        Assert.NotNull(await Store.Work.Find(_project, WorkKinds.Ticket, items[2].Id, None));
        Assert.NotNull(await Store.Work.Load(_project, "incident/r/device:1", None));
    }

    [Fact]
    public async Task Settle_OfStatesAtRest_LeavesWhatTheySaidAndTouchesNoOther()
    {
        var (gone, small) = (new WorkRest(Start, ""), new WorkRest(Start, "{r}"));
        foreach (var owner in Enumerable.Range(0, 600).Select(i => $"ticket/{i}"))
            Assert.True(await Store.Work.Commit(State(owner, 0, "{}") with { Rest = gone }, None));
        Assert.True(await Store.Work.Commit(State("incident/small", 0, "{long}") with { Rest = small }, None));
        Assert.True(await Store.Work.Commit(State("incident/open", 0, "{}"), None));
        foreach (var rest in new[] { gone, small })
        {
            var owner = $"incident/again{rest.Body}";
            Assert.True(await Store.Work.Commit(State(owner, 0, "{}") with { Rest = rest }, None));
            Assert.True(await Store.Work.Commit(State(owner, 1, "{open}"), None));
        }

        Store.Advance(WorkRetention.States - TimeSpan.FromDays(1));
        await Store.Settle();
        Assert.Equal(new StoredWork(1, "{long}"), await Store.Work.Load(_project, "incident/small", None));
        Assert.NotNull(await Store.Work.Load(_project, "ticket/0", None));

        Store.Advance(TimeSpan.FromDays(2));
        await Store.Settle();
        foreach (var i in new[] { 0, 300, 599 })
            Assert.Null(await Store.Work.Load(_project, $"ticket/{i}", None));
        Assert.Equal(new StoredWork(1, "{}"), await Store.Work.Load(_project, "incident/open", None));
        Assert.Equal(new StoredWork(2, "{open}"), await Store.Work.Load(_project, "incident/again", None));
        Assert.Equal(new StoredWork(2, "{open}"), await Store.Work.Load(_project, "incident/again{r}", None));

        // Whoever still has the long one in memory reads before it writes.
        Assert.Equal(new StoredWork(2, "{r}"), await Store.Work.Load(_project, "incident/small", None));
        Assert.False(await Store.Work.Commit(State("incident/small", 1, "{}"), None));
        Assert.True(await Store.Work.Commit(State("incident/small", 2, "{}"), None));
        Assert.True(await Store.Work.Commit(State("ticket/0", 0, "{}"), None));
    }

    private WorkCommit State(string owner, long version, string body) => new(_project, owner, version, body, [], []);

    private WorkCommit Step(long version, string body, ImmutableArray<WorkItem> items, ImmutableArray<LogEntry> log) =>
        new(_project, "incident/r/device:1", version, body, items, log);

    private static WorkItem Item(int minute) => new(
        WorkKinds.Incident, Guid.NewGuid(), "incident/r/device:1", "open", "medium", "r", null, null, null, null, Start.AddMinutes(minute),
        "{\"a\":1}");

    private static LogEntry Line(int minute) =>
        new(Guid.NewGuid(), Start.AddMinutes(minute), "system", "incident.opened", null, null, "{\"text\":\"°C\"}");
}
