using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains;
using EsoCore.Grains.Storage;
using EsoCore.History;
using EsoCore.Projects;
using EsoCore.Silo.Hosting;
using EsoCore.Telemetry;
using EsoCore.Tests.Storage.Contract;
using EsoCore.Tests.Storage.PostgreSql;
using EsoCore.Tests.Storage.Sqlite;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static EsoCore.Tests.Devices.Records;

namespace EsoCore.Tests.Devices;

/// <summary>
/// Two clusters that do not know of each other, over one storage: each has an activation of the same device, as after a cut network or in a
/// process that stood still. They slow each other down; they never both commit, and nothing is lost.
/// </summary>
public abstract class TwoActivationsContract : StorageContract
{
    private const int Tries = 50;
    private const int Rounds = 10;

    [Fact]
    public async Task TwoActivations_ThatCommitAtTheSameMoment_NeverBothCommit()
    {
        await using var pair = await Pair.Start(Store);
        for (int round = 0; round < Rounds; round++)
        {
            // Both have loaded the same version, and have computed their step from it before either writes.
            await pair.NewDevice();
            pair.MeetBeforeCommit();
            UploadAnswer[] answers = await Task.WhenAll(
                pair.Upload(0, Batch(Store.Now, Point("a", 0, 1), Point("both", 0, 5))),
                pair.Upload(1, Batch(Store.Now, Point("b", 0, 2), Point("both", 0, 5))));
            Assert.All(answers, answer => Assert.Equal(UploadOutcome.Accepted, answer.Outcome));

            // What both brought counts once.
            Assert.Equal((3, 1), (answers.Sum(answer => answer.Counts!.Accepted), answers.Sum(answer => answer.Counts!.Duplicates)));
            Assert.Equal(
                [CommitOutcome.Committed, CommitOutcome.Stale, CommitOutcome.Committed],
                pair.Commits.OrderBy(commit => commit.Version).ThenBy(commit => commit.Outcome).Select(commit => commit.Outcome));
            await pair.Agree(batches: 2, points: 3);
        }
    }

    [Fact]
    public async Task TheSameBatch_SentToBothAtOnce_IsTakenOnceAndAnsweredAlike()
    {
        await using var pair = await Pair.Start(Store);
        for (int round = 0; round < Rounds; round++)
        {
            await pair.NewDevice();
            pair.MeetBeforeCommit();
            BatchUpload batch = Batch(Store.Now, Point("a", 0, 1));
            UploadAnswer[] answers = await Task.WhenAll(pair.Upload(0, batch), pair.Upload(1, batch));
            Assert.Equal(
                [UploadOutcome.Accepted, UploadOutcome.Replayed],
                answers.Select(answer => answer.Outcome).Order());
            Assert.Equal(answers[0].Body.ToArray(), answers[1].Body.ToArray());
            await pair.Agree(batches: 1, points: 1);
        }
    }

    [Fact]
    public async Task TwoActivations_WritingInTurnAndAtWill_LoseNothing()
    {
        await using var pair = await Pair.Start(Store);
        await pair.NewDevice();
        for (int i = 0; i < 20; i++) Assert.Equal(1, (await pair.Upload(i % 2, Batch(Store.Now, Point("turn", i, i)))).Counts!.Accepted);
        int[] accepted = await Task.WhenAll(Enumerable.Range(0, 2).Select(async side =>
        {
            int sum = 0;
            for (int i = 0; i < 40; i++)
            {
                BatchUpload batch = Batch(Store.Now, Point("will", (2 * i) + side, i), Point("same", i, i));
                sum += (await pair.Upload(side, batch)).Counts!.Accepted;
            }

            return sum;
        }));
        Assert.Equal(120, accepted.Sum());
        await pair.Agree(batches: 100, points: 140);
    }

    private static BatchUpload Batch(DateTimeOffset now, params string[] records)
    {
        byte[] body = Encoding.UTF8.GetBytes($"[{string.Join(',', records)}]");
        return new BatchUpload(
            new DeviceCall(now), Guid.NewGuid(), Convert.ToHexStringLower(SHA256.HashData(body)), BatchFormat.Json, null, body);
    }

    /// <summary>The two clusters and their device.</summary>
    private sealed class Pair : IAsyncDisposable
    {
        private readonly InProcessTestCluster[] _clusters = new InProcessTestCluster[2];
        private readonly IStorageUnderTest _store;
        private readonly RecordingDeviceStore _devices;
        private Guid _project;
        private Guid _device;
        private long _firstVersion;
        private int _made;

        private Pair(IStorageUnderTest store) => (_store, _devices) = (store, new RecordingDeviceStore(store.Devices));

        public IReadOnlyCollection<(long Version, CommitOutcome Outcome)> Commits => _devices.Commits;

        public static async Task<Pair> Start(IStorageUnderTest store)
        {
            var pair = new Pair(store);
            for (int i = 0; i < 2; i++)
            {
                pair._clusters[i] = pair.Build();
                await pair._clusters[i].DeployAsync();
            }

            IGrainFactory grains = pair._clusters[0].GrainFactory;
            pair._project = (await grains.GetGrain<IInstallationGrain>(IInstallationGrain.Key).CreateProject("Test")).Project.Id;
            return pair;
        }

        /// <summary>From here on it is about another device, which both clusters have loaded.</summary>
        public async Task NewDevice()
        {
            var device = new NewDevice(
                $"S-{++_made}", "DOOR-LOGGER", null, ImmutableSortedDictionary<string, string>.Empty, DeviceStatus.Active, false);
            var made = await _clusters[0].GrainFactory.GetGrain<IProjectGrain>(_project.ToString("D")).CreateDevice(device);
            _device = made.Current!.Value.Device.DeviceId;
            for (int i = 0; i < 2; i++) await Device(i).GetTwin(new Scope(_project));
            _firstVersion = (await _store.Devices.Load(_device, default))!.TwinVersion;
            _devices.Commits.Clear();
        }

        public void MeetBeforeCommit() => _devices.Meet();

        /// <summary>Uploads, and again if the other activation was always faster, as a device would.</summary>
        public async Task<UploadAnswer> Upload(int side, BatchUpload batch)
        {
            for (int i = 1; ; i++)
            {
                try
                {
                    UploadAnswer answer = await Device(side).Upload(batch);
                    if (answer.Outcome != UploadOutcome.Unavailable || i == Tries) return answer;
                }
                catch (InvalidOperationException) when (i < Tries)
                {
                    // Written from elsewhere again and again.
                }
            }
        }

        /// <summary>Every version was committed by one of the two, and what is stored is what was acknowledged.</summary>
        public async Task Agree(int batches, int points)
        {
            var committed = Commits.Where(commit => commit.Outcome == CommitOutcome.Committed).Select(commit => commit.Version);
            Assert.Equal(Enumerable.Range(0, batches).Select(i => _firstVersion + i), committed.Order());
            Assert.Equal(_firstVersion + batches, (await _store.Devices.Load(_device, default))!.TwinVersion);
            var query = new PointQuery(new Scope(_project), _device, null, null, null, null, null);
            Page<PointRow> stored = await _store.History.ReadPoints(query, new PageRequest(PageRequest.MaxLimit, null), default);
            Assert.Equal(points, stored.Items.Length);

            // Whoever reads next, by a step that finds its memory stale, sees all of it.
            await Upload(0, Batch(_store.Now, Point("last", 0, 0)));
            await Upload(1, Batch(_store.Now, Point("last", 1, 0)));
            Assert.Equal(points + 2, (await Device(1).GetTwin(new Scope(_project)))!.Counters.Accepted);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (InProcessTestCluster cluster in _clusters) await cluster.DisposeAsync();
        }

        private IDeviceGrain Device(int side) =>
            _clusters[side].GrainFactory.GetGrain<IDeviceGrain>(_device.ToString("D"));

        private InProcessTestCluster Build() => new InProcessTestClusterBuilder(1)
            .ConfigureHost(host =>
            {
                IServiceCollection services = host.Services;
                services.AddTestClock(new FakeTimeProvider(_store.Now));
                services.AddSingleton<IInstallationKeys>(new TestKeys());
                services.AddSingleton<IDeviceStore>(_devices);
                services.AddSingleton(_store.Projects);
                services.AddSingleton(_store.Resources);
                services.AddSingleton(_store.Outbox);
                services.AddSingleton(_store.GrainStates);
                services.AddSingleton(_store.Reminders);
                services.AddEsoCoreGrains();
            })
            .ConfigureSilo((_, silo) => silo.AddEsoCoreGrainHost())
            .Build();
    }
}

public sealed class SqliteTwoActivationsTests : TwoActivationsContract
{
    protected override Task<IStorageUnderTest> Open() => Task.FromResult<IStorageUnderTest>(new SqliteUnderTest());
}

public sealed class PostgresTwoActivationsTests : TwoActivationsContract
{
    protected override async Task<IStorageUnderTest> Open() =>
        await PostgresUnderTest.Start(options => options.CallTimeout = TimeSpan.FromSeconds(60));
}
