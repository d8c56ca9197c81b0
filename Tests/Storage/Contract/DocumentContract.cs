using System.Collections.Immutable;
using EsoCore.Events;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Contract;

/// <summary>Projects, keys, resources, grain state and reminders.</summary>
public abstract class DocumentContract : StorageContract
{
    [Fact]
    public async Task Keys_OfProjectsAndDevices_AreFoundById()
    {
        var project = new Project(Guid.NewGuid(), "P", Start, 30);
        var key = Key(project.Id) with { SecretHash = new byte[] { 1, 2, 3 } };
        await Store.Projects.CreateProject(project, key, None);
        var registration = Registration(project.Id) with { SignatureRequired = true };
        var deviceKey = Key(project.Id, registration.DeviceId);
        await Store.Devices.Create(registration, deviceKey, None);

        var found = await Store.Projects.FindProject(project.Id, None);
        Assert.Equal((project, 1, project.Id.ToString()), (found!.Value, found.Version, found.Id));
        Assert.Null(await Store.Projects.FindProject(Guid.NewGuid(), None));
        var stored = await Store.Projects.FindKey(key.KeyId, None);
        Assert.Equal((project.Id, null, null), (stored!.ProjectId, stored.DeviceId, stored.ExpiresAt));
        Assert.Equal([1, 2, 3], stored.SecretHash.ToArray());
        Assert.Null(await Store.Projects.FindKey(Guid.NewGuid(), None));
        var credential = await Store.Projects.FindDeviceKeys(registration.DeviceId, None);
        Assert.Equal((project.Id, true, registration.Status), (credential!.ProjectId, credential.SignatureRequired, credential.Status));
        Assert.Equal(deviceKey.KeyId, Assert.Single(credential.Keys).KeyId);
        Assert.Equal(deviceKey.SealedSigningKey.ToArray(), credential.Keys[0].SealedSigningKey.ToArray());
        Assert.Null(await Store.Projects.FindDeviceKeys(Guid.NewGuid(), None));
    }

    [Fact]
    public async Task Keys_OfDevices_AreListedByPagesAndSealedAnew()
    {
        var project = await Store.AddProject();
        var keys = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            var registration = Registration(project);
            var key = Key(project, registration.DeviceId);
            await Store.Devices.Create(registration, key, None);
            keys.Add(key.KeyId);
        }

        Assert.Contains(project, await Store.Projects.ListProjects(Guid.Empty, 1_000, None));
        Assert.Empty(await Store.Projects.ListProjects(new Guid(Enumerable.Repeat((byte)255, 16).ToArray()), 1_000, None));
        var (listed, after) = (new List<StoredKey>(), Guid.Empty);
        while (await Store.Projects.ListDeviceKeys(after, 2, None) is { IsEmpty: false } page)
        {
            listed.AddRange(page);
            after = page[^1].KeyId;
        }

        Assert.Equal(keys.Order(), listed.Where(k => k.ProjectId == project).Select(k => k.KeyId).Order());
        Assert.False(await Store.Projects.Reseal(keys[0], new byte[] { 9 }, new byte[] { 4, 5 }, None));
        Assert.True(await Store.Projects.Reseal(keys[0], new byte[] { 1, 2, 3 }, new byte[] { 4, 5 }, None));
        Assert.Equal([4, 5], (await Store.Projects.FindKey(keys[0], None))!.SealedSigningKey.ToArray());
        Assert.Equal([1, 2, 3], (await Store.Projects.FindKey(keys[1], None))!.SealedSigningKey.ToArray());
    }

    [Fact]
    public async Task Resources_AreWrittenOnlyOverTheExpectedVersion()
    {
        var project = Guid.NewGuid();
        var resources = Store.Resources;
        Assert.Null(await resources.Find(project, "site", "A", None));
        Assert.False(await resources.Write(project, "site", "A", "{}", 1, None));
        Assert.True(await resources.Write(project, "site", "A", "{}", 0, None));
        Assert.False(await resources.Write(project, "site", "A", "{2}", 0, None));
        Assert.True(await resources.Write(project, "site", "A", null, 1, None));
        var deleted = await resources.Find(project, "site", "A", None);
        Assert.Equal((2, true), (deleted!.Version, deleted.Deleted));
        Assert.False(await resources.Write(project, "site", "A", "{}", 0, None));
        Assert.True(await resources.Write(project, "site", "A", "{3}", 2, None));
        Assert.Equal(new StoredResource("A", 3, "{3}"), await resources.Find(project, "site", "A", None));
        Assert.Null(await resources.Find(project, "asset", "A", None));
        Assert.Null(await resources.Find(Guid.NewGuid(), "site", "A", None));
    }

    [Fact]
    public async Task Resources_LineOfTheTrail_StandsOnlyWhereTheEditWasWritten()
    {
        var project = Guid.NewGuid();
        var (resources, none) = (Store.Resources, new LogFilter());
        LogEntry Line(string action) => new(Guid.NewGuid(), Store.Now, "key:k", action, null, null, "{}");
        var (created, changed, deleted) = (Line("site.created"), Line("site.changed"), Line("site.deleted"));
        Assert.True(await resources.Write(project, "site", "A", "{}", 0, created, None));
        Assert.False(await resources.Write(project, "site", "A", "{}", 0, Line("late"), None));
        Assert.False(await resources.Write(project, "site", "A", "{}", 7, Line("late"), None));
        Assert.Equal(created, Assert.Single((await Store.Work.ReadLog(project, none, new(), None)).Items));
        Assert.True(await resources.Write(project, "site", "A", "{2}", 1, changed, None));
        Assert.True(await resources.Write(project, "site", "A", null, 2, deleted, None));
        Assert.True(await resources.Write(project, "site", "A", "{3}", 3, null, None));
        Assert.Equal(
            ["site.changed", "site.created", "site.deleted"],
            (await Store.Work.ReadLog(project, none, new(), None)).Items.Select(l => l.Action).Order());
        Assert.Equal(new StoredResource("A", 4, "{3}"), await resources.Find(project, "site", "A", None));
    }

    [Fact]
    public async Task Resources_ListByPages_LeavesDeletedOnesOut()
    {
        var project = Guid.NewGuid();
        foreach (string id in new[] { "c", "a", "é", "b", "d" })
            await Store.Resources.Write(project, "site", id, "{}", 0, None);
        await Store.Resources.Write(project, "site", "b", null, 1, None);
        await Store.Resources.Write(Guid.NewGuid(), "site", "x", "{}", 0, None);

        var first = await Store.Resources.List(project, "site", new(3), None);
        var second = await Store.Resources.List(project, "site", new(3, first.Next), None);

        Assert.Equal(["a", "c", "d", "é"], first.Items.Concat(second.Items).Select(r => r.Id));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task Resources_Count_IsOfOneKindAndProjectWithoutDeletedOnes()
    {
        var project = Guid.NewGuid();
        Assert.Equal(0, await Store.Resources.Count(project, "site", None));
        foreach (string id in new[] { "a", "b", "c" })
            await Store.Resources.Write(project, "site", id, "{}", 0, None);
        await Store.Resources.Write(project, "site", "b", null, 1, None);
        await Store.Resources.Write(project, "asset", "d", "{}", 0, None);
        await Store.Resources.Write(Guid.NewGuid(), "site", "e", "{}", 0, None);
        Assert.Equal(2, await Store.Resources.Count(project, "site", None));
    }

    [Fact]
    public async Task GrainState_IsWrittenAndClearedOnlyOverTheExpectedEtag()
    {
        var states = Store.GrainStates;
        Assert.Null(await states.Read("t", "k", "s", None));
        Assert.Null(await states.Write("t", "k", "s", "{}", "nonsense", None));
        string? first = await states.Write("t", "k", "s", "{1}", null, None);
        Assert.NotNull(first);
        Assert.Null(await states.Write("t", "k", "s", "{}", null, None));
        string? second = await states.Write("t", "k", "s", "{2}", first, None);
        Assert.NotNull(second);
        Assert.Null(await states.Write("t", "k", "s", "{}", first, None));
        Assert.Equal(new GrainStateRow("{2}", second), await states.Read("t", "k", "s", None));
        Assert.Null(await states.Read("t", "k", "other", None));
        Assert.False(await states.Clear("t", "k", "s", first, None));
        Assert.False(await states.Clear("t", "k", "s", null, None));
        Assert.True(await states.Clear("t", "k", "s", second, None));
        Assert.True(await states.Clear("t", "k", "s", null, None));
        Assert.Null(await states.Read("t", "k", "s", None));
        string? third = await states.Write("t", "k", "s", "{3}", null, None);
        Assert.NotNull(third);
        Assert.DoesNotContain(third, new[] { first, second });
    }

    [Fact]
    public async Task Reminders_AreReadByGrainAndByRangeOfHashes()
    {
        var reminders = Store.Reminders;
        ReminderRow Row(string grain, uint hash, string name) => new(grain, hash, name, Start, TimeSpan.FromMinutes(5), "");
        string a = await reminders.Upsert(Row("a", 10, "x"), None);
        string a2 = await reminders.Upsert(Row("a", 10, "y"), None);
        await reminders.Upsert(Row("b", uint.MaxValue, "x"), None);
        string again = await reminders.Upsert(Row("a", 10, "x") with { Period = TimeSpan.FromHours(1) }, None);

        Assert.Equal(
            [Row("a", 10, "x") with { Period = TimeSpan.FromHours(1), Etag = again }, Row("a", 10, "y") with { Etag = a2 }],
            (await reminders.Read("a", None)).OrderBy(r => r.Name));
        Assert.NotEqual(a, again);
        Assert.Equal(2, (await reminders.Read(9, 10, None)).Length);
        Assert.Empty(await reminders.Read(10, 11, None));
        Assert.Equal(3, (await reminders.Read(11, 10, None)).Length);
        Assert.Single(await reminders.Read(11, 9, None));
        Assert.Equal(3, (await reminders.Read(5, 5, None)).Length);
        Assert.False(await reminders.Remove("a", "x", a, None));
        Assert.True(await reminders.Remove("a", "x", again, None));
        Assert.Single(await reminders.Read("a", None));
    }
}

public abstract class OutboxContract : StorageContract
{
    private static OutboxEntry Entry(TestDevice device, string receiver, int ordinal, TransitionBody? body = null) => new(
        TransitionStreams.Assets,
        receiver,
        new Transition(
            device.Id, new(device.Version + 1, ordinal), TransitionPosition.None, Start.AddSeconds(ordinal), body ?? new CycleOpened("c")));

    private static int Shard(TestDevice device) => (int)(device.No % IOutboxGrain.Shards);

    [Fact]
    public async Task ReadOldest_OfCommittedTransitions_GivesThemInOrderUntilConfirmed()
    {
        var device = await Store.AddDevice();
        TransitionBody[] bodies = [new CycleOpened(null), new CycleClosed("c", 1.5, null), new PresenceChanged(true), new LeftSite()];
        var entries = bodies.Select((b, i) => Entry(device, "p/a", i, b)).ToImmutableArray();
        await device.Write(Store, device.Commit() with { Outbox = entries });

        Assert.Empty(await Store.Outbox.ReadOldest(Shard(device), Store.Now, 10, 10, None));
        Store.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(entries.ToArray(), (await Store.Outbox.ReadOldest(Shard(device), Store.Now, 10, 10, None)).ToArray());
        Assert.Equal(entries[..2].ToArray(), (await Store.Outbox.ReadOldest(Shard(device), Store.Now, 2, 10, None)).ToArray());
        Assert.Empty(await Store.Outbox.ReadOldest((Shard(device) + 1) % IOutboxGrain.Shards, Store.Now, 10, 10, None));

        ImmutableArray<TransitionId> confirmed = [new(device.Id, new(1, 0)), new(device.Id, new(1, 2)), new(Guid.NewGuid(), new(1, 1))];
        await Store.Outbox.Confirm(TransitionStreams.Assets, "p/other", confirmed, None);
        Assert.Equal(4, (await Store.Outbox.ReadOldest(Shard(device), Store.Now, 10, 10, None)).Length);
        await Store.Outbox.Confirm(TransitionStreams.Assets, "p/a", confirmed, None);
        Assert.Equal([entries[1], entries[3]], (await Store.Outbox.ReadOldest(Shard(device), Store.Now, 10, 10, None)).ToArray());
    }

    [Theory]
    [InlineData(10)]
    [InlineData(500)]
    public async Task ReadOldest_OneReceiverIsStuck_GivesTheOthersAll(int backlog)
    {
        var device = await Store.AddDevice();
        var stuck = Enumerable.Range(0, backlog).Select(i => Entry(device, "p/stuck", i));
        var others = new[] { "p/a", "p/z", "q/z" }
            .SelectMany((r, n) => Enumerable.Range(0, 2).Select(i => Entry(device, r, backlog + (10 * n) + i))).ToList();
        await device.Write(Store, device.Commit() with { Outbox = [.. stuck, .. others] });
        Store.Advance(TimeSpan.FromSeconds(1));

        var oldest = await Store.Outbox.ReadOldest(Shard(device), Store.Now, 9, 3, None);

        Assert.Equal(["p/stuck", "p/stuck", "p/stuck"], oldest.Take(3).Select(e => e.Receiver));
        Assert.Equal(others, oldest.Skip(3));
    }

    [Fact]
    public async Task ReadOldest_RowsOfANewerProgram_StayForItAndTakeNoRoomFromOthers()
    {
        const int Unknown = 30;
        var device = await Store.AddDevice();
        var entries = Enumerable.Range(0, Unknown + 5).Select(i => Entry(device, "p/a", i))
            .Concat(Enumerable.Range(Unknown + 5, 2).Select(i => Entry(device, "p/z", i))).ToImmutableArray();
        await device.Write(Store, device.Commit() with { Outbox = entries });
        Store.Advance(TimeSpan.FromSeconds(1));
        const string ToNewer = "update outbox set transition = replace(transition, 'cycle_opened', 'of_a_newer_program')";
        await Store.Execute($"{ToNewer} where ordinal < {Unknown}");

        // Each read learns from the one before how much stands in the way.
        var read = ImmutableArray<OutboxEntry>.Empty;
        for (var i = 0; i <= Unknown / 3 && read.Length < 5; i++)
            read = await Store.Outbox.ReadOldest(Shard(device), Store.Now, 6, 3, None);
        Assert.Equal([.. entries[Unknown..(Unknown + 3)], .. entries[^2..]], read.ToArray());

        await Store.Execute("update outbox set transition = replace(transition, 'of_a_newer_program', 'cycle_opened')");
        Assert.Equal(entries[..3].ToArray(), (await Store.Outbox.ReadOldest(Shard(device), Store.Now, 6, 3, None)).Take(3));
    }
}
