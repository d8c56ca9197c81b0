using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Tests.Storage.Contract;
using Npgsql;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.PostgreSql;

/// <summary>Groups of commits: who is guilty, who wins between two processes, and what a lost server leaves behind.</summary>
public sealed class PostgresCommitTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Group_OneDeviceIsGuilty_FailsAlone(bool byItsEvents)
    {
        await using var store = await PostgresUnderTest.Start(o => o.CommitConnections = 1);
        var devices = await Devices(store, 12);
        await devices[5].Write(store, devices[5].Commit() with { Events = [Event(StartUs, "x", 1)] });
        using var hold = new ManualResetEventSlim();
        using var held = new ManualResetEventSlim();
        var groups = new List<int>();
        store.Storage.Faults.BeforeCommit = group =>
        {
            groups.Add(group.Count);
            held.Set();
            hold.Wait();
        };

        // The only connection is held back, so that the others come together.
        var opener = store.Devices.Commit(devices[11].Commit(), None);
        held.Wait();
        var guilty = devices[5].Commit() with { Twin = new byte[] { 2 } };
        guilty = byItsEvents
            ? guilty with { Events = [Event(StartUs, "x", 1)] }
            : guilty with { Outbox = [new("s", "r\0", new(devices[5].Id, new(2, 0), EsoCore.Events.TransitionPosition.None, Start, new EsoCore.Events.LeftSite()))] };
        var commits = devices[..11].Select(d => store.Devices.Commit(d == devices[5] ? guilty : d.Commit(Block((1, StartUs, 1))), None)).ToList();
        hold.Set();

        await opener;
        for (int i = 0; i < commits.Count; i++)
        {
            if (i != 5)
                Assert.Equal(CommitOutcome.Committed, (await commits[i]).Outcome);
        }

        await Assert.ThrowsAsync<PostgresException>(() => commits[5]);
        Assert.Equal(11, groups[1]);
        Assert.Equal(1, (await store.Devices.Load(devices[5].Id, None))!.TwinVersion);
        await devices[5].Write(store);
    }

    [Fact]
    public async Task Commit_TwoProcessesWriteTheSameDevices_EachVersionIsWrittenOnce()
    {
        await using var store = await PostgresUnderTest.Start();
        await using var second = store.Open();
        var devices = await Devices(store, 30);
        const int rounds = 40;

        // Both go through all devices in different orders and groups; each commits what it believes to be next.
        int[] wins = await Task.WhenAll(Run(store.Devices, 1), Run(second.Devices, 7));

        Assert.Equal(devices.Count * rounds, wins.Sum());
        foreach (var device in devices)
        {
            Assert.Equal(rounds, (await store.Devices.Load(device.Id, None))!.TwinVersion);
            Assert.Equal(rounds, (await store.Devices.ReadAll(device.No)).Select(p => p.TsUs).Distinct().Count());
        }

        async Task<int> Run(IDeviceStore port, int stride)
        {
            int won = 0;
            for (int round = 0; round < rounds; round++)
            {
                var tasks = Enumerable.Range(0, devices.Count).Select(i => port.Commit(
                    devices[i * stride % devices.Count].Commit(Block((1, StartUs + round, stride))) with { ExpectedVersion = round }, None)).ToList();
                foreach (var result in await Task.WhenAll(tasks))
                    won += result.Outcome == CommitOutcome.Committed ? 1 : 0;
            }

            return won;
        }
    }

    [Fact]
    public async Task Commit_RowIsLockedForTooLong_IsUnavailableAndWritesNothing()
    {
        await using var store = await PostgresUnderTest.Start();
        var device = await store.AddDevice();
        await using (var other = new NpgsqlConnection(store.Server.ConnectionString(store.Database) + ";Pooling=false"))
        {
            await other.OpenAsync();
            await using var transaction = await other.BeginTransactionAsync();
            await using (var locks = new NpgsqlCommand($"select from twin where device_no = {device.No} for update", other))
                await locks.ExecuteNonQueryAsync();
            var commit = store.Devices.Commit(device.Commit(Block((1, StartUs, 1))), None);

            // As the server does by itself after its limit, which is less than the client's; here it need not be waited for.
            var giveUp = "select count(pg_cancel_backend(pid)) from pg_stat_activity "
                + $"where datname = '{store.Database}' and wait_event_type = 'Lock'";
            while (await store.Server.Ask<long>("postgres", giveUp) == 0)
                Assert.False(commit.IsCompleted);
            await Assert.ThrowsAsync<StorageUnavailableException>(() => commit);
        }

        Assert.Equal(0, (await store.Devices.Load(device.Id, None))!.TwinVersion);
        await device.Write(store, Block((1, StartUs, 1)));
    }

    [Theory]
    [InlineData(4.5)]
    [InlineData(10.0)]
    [InlineData(60.0)]
    public async Task Commit_OfAnyLimit_IsGivenUpByTheServerBeforeTheClient(double seconds)
    {
        var options = new PostgresStorageOptions
        {
            ConnectionString = (await PostgresServer.Shared).ConnectionString("postgres"), CallTimeout = TimeSpan.FromSeconds(seconds),
            ConnectTimeout = TimeSpan.FromMinutes(1),
        };
        await using var source = Connections.ForCommits(options);
        await using var db = await source.OpenConnectionAsync();
        await using var limit = new NpgsqlCommand("select setting::int from pg_settings where name = 'statement_timeout'", db);
        limit.CommandTimeout = 60;

        Assert.Equal((int)(seconds * 900), await limit.ExecuteScalarAsync());
        Assert.InRange(new NpgsqlConnectionStringBuilder(source.ConnectionString).CommandTimeout, seconds, seconds + 1);
    }

    [Fact]
    public async Task Commit_WaitsTooLongInTheQueue_IsUnavailable()
    {
        await using var store = await PostgresUnderTest.Start(o => o.CommitConnections = 1);
        var devices = await Devices(store, 2);
        using var hold = new CommitHold(store);
        var sent = store.Devices.Commit(devices[0].Commit(), None);
        hold.Await();
        var queued = store.Devices.Commit(devices[1].Commit(), None);

        store.Advance(PostgresUnderTest.TooLong);

        await Assert.ThrowsAsync<CommitUnknownException>(() => sent);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => queued);
        hold.Release();
        await store.Reopen();
        Assert.Equal(1, (await store.Devices.Load(devices[0].Id, None))!.TwinVersion);
        Assert.Equal(0, (await store.Devices.Load(devices[1].Id, None))!.TwinVersion);
    }

    [Fact]
    public async Task Commit_QueueIsFull_IsUnavailable()
    {
        await using var store = await PostgresUnderTest.Start(o => (o.CommitConnections, o.QueueLimit) = (1, 3));
        var devices = await Devices(store, 5);
        using var hold = new CommitHold(store);
        var sent = store.Devices.Commit(devices[0].Commit(), None);
        hold.Await();
        var queued = devices[1..4].Select(d => store.Devices.Commit(d.Commit(), None)).ToList();

        await Assert.ThrowsAsync<StorageUnavailableException>(() => store.Devices.Commit(devices[4].Commit(), None));

        hold.Release();
        Assert.All(await Task.WhenAll(queued.Append(sent)), r => Assert.Equal(CommitOutcome.Committed, r.Outcome));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Server_RestartsUnderLoad_NothingIsLostOrDoubled(bool immediately)
    {
        await using var server = await PostgresServer.Launch();
        await using (var store = await PostgresUnderTest.Start(server: server))
        {
            var devices = await Devices(store, 20);
            bool stop = false;
            int unknown = 0;
            int away = 0;
            int committed = 0;
            var load = devices.Select(async device =>
            {
                await Task.Yield();
                while (!Volatile.Read(ref stop))
                {
                    try
                    {
                        await device.Write(store, Block((1, StartUs + device.Version, 1)));
                        Interlocked.Increment(ref committed);
                    }
                    catch (StorageUnavailableException)
                    {
                        Interlocked.Increment(ref away);
                    }
                    catch (CommitUnknownException)
                    {
                        Interlocked.Increment(ref unknown);
                        device.Version = -1;
                    }

                    while (device.Version < 0 && !Volatile.Read(ref stop))
                    {
                        try
                        {
                            device.Version = (await store.Devices.Load(device.Id, None))!.TwinVersion;
                        }
                        catch (StorageUnavailableException)
                        {
                            Interlocked.Increment(ref away);
                        }
                    }
                }
            }).ToList();

            for (int i = 0; i < 3; i++)
            {
                await Progress(() => Volatile.Read(ref committed));
                server.Stop(immediately);
                await Progress(() => Volatile.Read(ref away));
                server.StartAgain();
            }

            await Progress(() => Volatile.Read(ref committed));
            Volatile.Write(ref stop, true);
            await Task.WhenAll(load);

            Assert.True(unknown < committed);
            foreach (var device in devices)
            {
                var stored = (await store.Devices.Load(device.Id, None))!;
                Assert.True(device.Version < 0 || stored.TwinVersion == device.Version, "A version is not the one that was told.");
                var points = await store.Devices.ReadAll(device.No);
                Assert.Equal(Enumerable.Range(0, (int)stored.TwinVersion).Select(v => StartUs + v), points.Select(p => p.TsUs));
            }

            Assert.True(await store.Storage.Ping(None));
            server.Stop(immediately);
            Assert.False(await store.Storage.Ping(None));
            await Assert.ThrowsAsync<StorageUnavailableException>(() => store.Devices.Load(devices[0].Id, None));
            foreach (var write in new Func<Task>[]
                {
                    () => store.Devices.Commit(devices[0].Commit(), None), () => store.GrainStates.Write("t", "k", "s", "{}", null, None),
                })
            {
                // The first may go out on a connection that turns out to be dead, and then nobody can tell.
                Assert.True(await Record.ExceptionAsync(write) is CommitUnknownException or StorageUnavailableException);
                await Assert.ThrowsAsync<StorageUnavailableException>(write);
            }

            await Assert.ThrowsAsync<StorageUnavailableException>(
                () => store.History.ReadPoints(new(devices[0].Scope, devices[0].Id, null, null, null, null, null), new(), None));
        }

        static async Task Progress(Func<int> count)
        {
            int from = count();
            while (count() < from + 50)
                await Task.Yield();
        }
    }

    private static async Task<List<TestDevice>> Devices(PostgresUnderTest store, int count)
    {
        var project = await store.AddProject();
        var devices = new List<TestDevice>();
        for (int i = 0; i < count; i++)
            devices.Add(await store.AddDevice(project));
        return devices;
    }
}
