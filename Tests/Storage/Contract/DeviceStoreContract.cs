using System.Collections.Immutable;
using System.Text;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Firmware;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.Contract;

public abstract class DeviceStoreContract : StorageContract
{
    [Fact]
    public async Task Load_UnknownDevice_IsNull() => Assert.Null(await Store.Devices.Load(Guid.NewGuid(), None));

    [Fact]
    public async Task Load_NewDevice_GivesItsRegistrationAndAnEmptyTwin()
    {
        var project = await Store.AddProject();
        var registration = Registration(project, "S-1", "HALL") with
        {
            Tags = Registration(project).Tags.Add("line", "7"),
            Overrides = ConfigSettings.Empty with { UploadIntervalS = 60, NtpServers = ["ntp"] },
            Status = DeviceStatus.Maintenance,
            SignatureRequired = true,
        };
        Assert.True(await Store.Devices.Create(registration, Key(project, registration.DeviceId), None));

        var stored = await Store.Devices.Load(registration.DeviceId, None);

        Assert.NotNull(stored);
        Assert.Equivalent(registration, stored.Registration, strict: true);
        Assert.Equal((1, 0, 0), (stored.RegistrationVersion, stored.ConfigOffset, stored.TwinVersion));
        Assert.True(stored.Twin.IsEmpty);
        Assert.Empty(stored.Series);
        Assert.Equal(long.MinValue, stored.RetentionFloorUs);
        Assert.Equal(1, await Store.Projects.CountDevices(project, None));
    }

    [Fact]
    public async Task Create_SerialTakenInTheProject_IsRefusedAndWritesNothing()
    {
        var project = await Store.AddProject();
        var first = Registration(project, "S-1");
        var second = Registration(project, "S-1");
        Assert.True(await Store.Devices.Create(first, Key(project, first.DeviceId), None));

        Assert.False(await Store.Devices.Create(second, Key(project, second.DeviceId), None));

        Assert.Null(await Store.Devices.Load(second.DeviceId, None));
        Assert.Null(await Store.Projects.FindDeviceKeys(second.DeviceId, None));
        Assert.Equal(1, await Store.Projects.CountDevices(project, None));
        var elsewhere = Registration(await Store.AddProject(), "S-1");
        Assert.True(await Store.Devices.Create(elsewhere, Key(elsewhere.ProjectId, elsewhere.DeviceId), None));
    }

    [Fact]
    public async Task Commit_ExpectedVersionStands_StoresTwinAndSeries()
    {
        var device = await Store.AddDevice();

        await device.Write(Store, device.Commit() with { NewSeries = [Series(1), Series(2, "rpm", "", "A1", "{\"x\":1}")] });
        await device.Write(Store, device.Commit() with { Twin = Encoding.UTF8.GetBytes("{\"v\":2}") });

        var stored = await Store.Devices.Load(device.Id, None);
        Assert.Equal(2, stored!.TwinVersion);
        Assert.Equal("{\"v\":2}", Encoding.UTF8.GetString(stored.Twin.Span));
        Assert.Equal([Series(1), Series(2, "rpm", "", "A1", "{\"x\":1}")], stored.Series.OrderBy(s => s.No));
    }

    [Fact]
    public async Task Commit_AnotherVersionStands_IsStaleAndWritesNothing()
    {
        var device = await Store.AddDevice();
        await device.Write(Store, Block((1, StartUs, 1)));

        var late = device.Commit(Block((1, StartUs + 1, 2))) with { ExpectedVersion = 0, Batch = Ledger(Start), NewSeries = [Series(1)] };
        var result = await Store.Devices.Commit(late, None);

        Assert.Equal(CommitOutcome.Stale, result.Outcome);
        Assert.Equal([(1, StartUs, 1.0)], await Store.Devices.ReadAll(device.No));
        Assert.Empty((await Store.Devices.Load(device.Id, None))!.Series);
        Assert.Empty((await Store.History.ReadBatches(device.Scope, device.Id, new(), None)).Items);
    }

    [Fact]
    public async Task Commit_BatchIdIsInTheLedger_GivesTheFirstEntryAndWritesNothing()
    {
        var device = await Store.AddDevice();
        var first = Ledger(Start, answer: "{\"accepted\":1}");
        await device.Write(Store, device.Commit(Block((1, StartUs, 1))) with { Batch = first });

        foreach (long version in new long[] { 0, 1 })
        {
            var again = device.Commit(Block((1, StartUs + 1, 2))) with
            {
                ExpectedVersion = version,
                Batch = Ledger(Start, first.BatchId, "cd", "other"),
            };
            var result = await Store.Devices.Commit(again, None);

            Assert.Equal(CommitOutcome.Replay, result.Outcome);
            Assert.Equal(first.BodyHash, result.Known!.BodyHash);
            Assert.Equal(first with { Answer = default }, result.Known with { Answer = default });
            Assert.Equal(first.Answer.ToArray(), result.Known.Answer.ToArray());
        }

        Assert.Equal(1, (await Store.Devices.Load(device.Id, None))!.TwinVersion);
        Assert.Single(await Store.Devices.ReadAll(device.No));
        var other = await Store.AddDevice(device.ProjectId);
        await other.Write(Store, other.Commit() with { Batch = first });
    }

    [Fact]
    public async Task Commit_RegistrationWithATakenSerial_WritesNothing()
    {
        var device = await Store.AddDevice();
        var other = await Store.AddDevice(device.ProjectId);
        var write = new RegistrationWrite(device.Registration with { Serial = other.Registration.Serial }, 3);

        var result = await Store.Devices.Commit(device.Commit() with { Registration = write }, None);

        Assert.Equal(CommitOutcome.SerialTaken, result.Outcome);
        var stored = await Store.Devices.Load(device.Id, None);
        Assert.Equal((0, 1, 0), (stored!.TwinVersion, stored.RegistrationVersion, stored.ConfigOffset));
    }

    [Fact]
    public async Task Commit_Registration_ReplacesItAndRaisesItsVersion()
    {
        var device = await Store.AddDevice();
        var changed = device.Registration with { Model = "M2", SiteId = "S", Status = DeviceStatus.Disabled, Channel = "beta" };

        await device.Write(Store, device.Commit() with { Registration = new(changed, 7) });

        var stored = await Store.Devices.Load(device.Id, None);
        Assert.Equivalent(changed, stored!.Registration, strict: true);
        Assert.Equal((2, 7), (stored.RegistrationVersion, stored.ConfigOffset));
    }

    [Fact]
    public async Task Commit_OneOfManyAtOnceIsPoisoned_FailsAlone()
    {
        var project = await Store.AddProject();
        var devices = new List<TestDevice>();
        for (int i = 0; i < 20; i++)
            devices.Add(await Store.AddDevice(project));
        await devices[0].Write(Store, devices[0].Commit() with { Events = [Event(StartUs, "x", 1)] });
        using var hold = new ManualResetEventSlim();
        using var held = new ManualResetEventSlim();
        Store.OnCommit(
            () =>
            {
                held.Set();
                hold.Wait();
            },
            null);

        // The first commit is held back, so that the others come together.
        var opener = Store.Devices.Commit(devices[19].Commit(Block((1, StartUs, 1))), None);
        held.Wait();
        var poisoned = Store.Devices.Commit(devices[0].Commit() with { Events = [Event(StartUs, "x", 1)] }, None);
        var sound = devices[1..19].Select(d => Store.Devices.Commit(d.Commit(Block((1, StartUs, 1))), None)).ToList();
        Store.OnCommit(null, null);
        hold.Set();

        Assert.Equal(CommitOutcome.Committed, (await opener).Outcome);
        Assert.All(await Task.WhenAll(sound), r => Assert.Equal(CommitOutcome.Committed, r.Outcome));
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => poisoned);
        Assert.IsNotType<CommitUnknownException>(fault);
        Assert.Equal(1, (await Store.Devices.Load(devices[0].Id, None))!.TwinVersion);
        foreach (var device in devices[1..])
            Assert.Single(await Store.Devices.ReadAll(device.No));
    }

    [Fact]
    public async Task Commit_TwoOfOneDeviceAtOnce_OneWins()
    {
        var device = await Store.AddDevice();
        var tasks = Enumerable.Range(0, 10).Select(i => Store.Devices.Commit(device.Commit(Block((1, StartUs + i, i))), None));

        var results = await Task.WhenAll(tasks);

        Assert.Single(results, r => r.Outcome == CommitOutcome.Committed);
        Assert.Equal(9, results.Count(r => r.Outcome == CommitOutcome.Stale));
        Assert.Single(await Store.Devices.ReadAll(device.No));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_FailsWhileItBecomesDurable_IsUnknownAndTheNextLoadTells(bool happened)
    {
        var device = await Store.AddDevice();
        Action fail = () => throw new IOException("torn");
        Store.OnCommit(happened ? null : fail, happened ? fail : null);

        await Assert.ThrowsAsync<CommitUnknownException>(() => Store.Devices.Commit(device.Commit(Block((1, StartUs, 1))), None));

        Store.OnCommit(null, null);
        var stored = await Store.Devices.Load(device.Id, None);
        Assert.Equal(happened ? 1 : 0, stored!.TwinVersion);
        Assert.Equal(happened ? 1 : 0, (await Store.Devices.ReadAll(device.No)).Count);
        device.Version = stored.TwinVersion;
        await device.Write(Store, Block((1, StartUs + 1, 1)));
    }

    [Fact]
    public async Task Load_WhileACommitIsHeldBack_SeesTheStateBefore()
    {
        var device = await Store.AddDevice();
        using var hold = new ManualResetEventSlim();
        using var held = new ManualResetEventSlim();
        Store.OnCommit(
            () =>
            {
                held.Set();
                hold.Wait();
            },
            null);
        var commit = Store.Devices.Commit(device.Commit(Block((1, StartUs, 1))), None);
        held.Wait();

        Assert.Equal(0, (await Store.Devices.Load(device.Id, None))!.TwinVersion);

        Store.OnCommit(null, null);
        hold.Set();
        await commit;
        Assert.Equal(1, (await Store.Devices.Load(device.Id, None))!.TwinVersion);
    }

    [Fact]
    public async Task Commit_CallerGivesUpWhileQueued_HappensAllTheSame()
    {
        var device = await Store.AddDevice();
        var other = await Store.AddDevice();
        using var hold = new ManualResetEventSlim();
        using var held = new ManualResetEventSlim();
        using var cancel = new CancellationTokenSource();
        Store.OnCommit(
            () =>
            {
                held.Set();
                hold.Wait();
            },
            null);
        var first = Store.Devices.Commit(other.Commit(), None);
        held.Wait();
        var queued = Store.Devices.Commit(device.Commit(), cancel.Token);
        cancel.Cancel();
        Store.OnCommit(null, null);
        hold.Set();

        await first;
        Assert.Equal(CommitOutcome.Committed, (await queued).Outcome);
        Assert.Equal(1, (await Store.Devices.Load(device.Id, None))!.TwinVersion);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.Devices.Commit(device.Commit(), cancel.Token));
    }

    [Fact]
    public async Task FindSeries_ByFullKey_FindsOnlyEqualOnesOfTheDevice()
    {
        var device = await Store.AddDevice();
        var other = await Store.AddDevice();
        await device.Write(Store, device.Commit() with { NewSeries = [Series(1), Series(2, "temp", "K"), Series(3, "rpm", "", "", "{}")] });
        await other.Write(Store, other.Commit() with { NewSeries = [Series(9, "only")] });

        var found = await Store.Devices.FindSeries(device.No, [Series(0).Key, Series(0, "only").Key, Series(0, "rpm", "", "", "{}").Key], None);

        Assert.Equal([1, 3], found.Select(s => s.No).Order());
    }

    [Fact]
    public async Task Commit_SeriesLetGo_KeepsWhereItStood()
    {
        var device = await Store.AddDevice();
        var stand = new SeriesStand(StartUs + 7, -0.5, 42);
        await device.Write(Store, device.Commit() with { NewSeries = [Series(1), Series(2, "rpm")] });

        var letGo = device.Commit() with { NewSeries = [Series(3, "new")], LetGo = [new(1, stand), new(3, stand with { Points = 1 })] };
        await device.Write(Store, letGo);

        var stored = await Store.Devices.Load(device.Id, None);
        Assert.Equal([stand, null, stand with { Points = 1 }], stored!.Series.OrderBy(s => s.No).Select(s => s.Last));
        Assert.Equal(stand, (await Store.Devices.FindSeries(device.No, [Series(1).Key], None)).Single().Last);
    }

    [Fact]
    public async Task FindBodies_AmongThoseAsked_GivesTheStoredOfTheKind()
    {
        var device = await Store.AddDevice();
        var commit = device.Commit() with
        {
            Events = [Event(StartUs, "a", UInt128.MaxValue), Event(StartUs + 5, "b", 2), Event(StartUs + 6, "c", 3)],
            Windows = [Window(StartUs, "vib", 4)],
        };
        await device.Write(Store, commit);

        BodyKey[] asked = [new(StartUs, UInt128.MaxValue), new(StartUs + 5, 2), new(StartUs + 5, 3), new(StartUs, 4)];
        var events = await Store.Devices.FindBodies(device.No, BodyKind.Event, asked, None);
        var windows = await Store.Devices.FindBodies(device.No, BodyKind.Window, asked, None);

        Assert.Equal([new(StartUs, UInt128.MaxValue), new(StartUs + 5, 2)], events.OrderBy(k => k.TsUs));
        Assert.Equal([new(StartUs, 4)], windows);
    }

    [Fact]
    public async Task ReadEvents_OfNamesBetweenTwoTimes_AreOrderedAndCut()
    {
        var device = await Store.AddDevice();
        var other = await Store.AddDevice();
        ImmutableArray<NewEvent> events =
        [
            Event(StartUs, "a", 9), Event(StartUs, "b", 1), Event(StartUs + 5, "a", UInt128.MaxValue, "low", "R1"),
            Event(StartUs + 5, "a", 2),
            Event(StartUs + 6, "c", 3),
            Event(StartUs + 7, "b", 4) with { Category = null, Description = null, DurationMs = null, Meta = "" },
        ];
        await device.Write(Store, device.Commit() with { Events = events });
        await other.Write(Store, other.Commit() with { Events = [Event(StartUs + 1, "a", 1)] });
        async Task<NewEvent[]> Read(ImmutableArray<string> types, long from, long to, int limit, bool newestFirst) =>
            [.. await Store.Devices.ReadEvents(device.No, types, from, to, limit, newestFirst, None)];

        Assert.Equal(
            [events[1], events[0], events[3], events[2], events[5]],
            await Read(["a", "b", "b"], StartUs, StartUs + 7, 10, newestFirst: false));
        Assert.Equal([events[5], events[2]], await Read(["a", "b"], long.MinValue, long.MaxValue, 2, newestFirst: true));
        Assert.Equal([events[1], events[0]], await Read([], StartUs - 1, StartUs + 4, 10, newestFirst: false));
        Assert.Equal([events[5], events[4]], await Read([], long.MinValue, long.MaxValue, 2, newestFirst: true));
        Assert.Empty(await Read(["d"], long.MinValue, long.MaxValue, 10, newestFirst: false));
        Assert.Empty(await Read(["a"], StartUs + 6, StartUs + 9, 10, newestFirst: false));
    }

    [Fact]
    public async Task ReadFirmware_ByPages_GivesWhatEachDeviceInServiceToldLast()
    {
        var project = await Store.AddProject();
        var stranger = await Store.AddDevice();
        await stranger.Write(Store, stranger.Commit() with { Firmware = Told(stranger, 0, "9.0") });
        var expected = new List<(Guid, string?)>();
        for (int i = 0; i < 5; i++)
        {
            var device = await Store.AddDevice(project);
            if (i > 0)
                await device.Write(Store, device.Commit() with { Firmware = Told(device, 1, $"1.{i}") });
            if (i > 2)
                await device.Write(Store, device.Commit() with { Firmware = Told(device, 2, $"2.{i}") });
            expected.Add((device.Id, i == 0 ? null : i > 2 ? $"2.{i}" : $"1.{i}"));
        }

        var found = new List<(Guid, string?)>();
        for (var after = Guid.Empty; ;)
        {
            var page = await Store.Devices.ReadFirmware(project, after, 2, None);
            found.AddRange(page.Select(d => (d.DeviceId, d.Version)));
            if (page.Length < 2)
                break;
            after = page[^1].DeviceId;
        }

        Assert.Equal(expected.OrderBy(d => d.Item1), found);

        static FirmwareVersion Told(TestDevice device, int second, string version) =>
            new(device.Id, Start.AddSeconds(second), version, "heartbeat");
    }

    [Fact]
    public async Task List_ByPages_GivesEachDeviceOfTheProjectOnceAndFilters()
    {
        var project = await Store.AddProject();
        await Store.AddDevice();
        var all = new List<Guid>();
        for (int i = 0; i < 7; i++)
            all.Add((await Store.AddDevice(project, i % 2 == 0 ? "EVEN" : null)).Id);
        var seen = new List<Guid>();
        for (string? after = null; ;)
        {
            var page = await Store.Devices.List(project, new DeviceFilter(), new PageRequest(3, after), None);
            seen.AddRange(page.Items.Select(i => i.Value.DeviceId));
            if ((after = page.Next) is null)
                break;
        }

        Assert.Equal(all.Order(), seen);
        Assert.Equal(4, (await Store.Devices.List(project, new(SiteId: "EVEN"), new(), None)).Items.Length);
        Assert.Empty((await Store.Devices.List(project, new(Status: DeviceStatus.Disabled), new(), None)).Items);
        await Assert.ThrowsAsync<FormatException>(() => Store.Devices.List(project, new(), new(3, "%%%"), None));
    }
}
