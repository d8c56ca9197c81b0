using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EsoCore.Devices;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Notifications;
using EsoCore.Grains.Projects;
using EsoCore.Incidents;
using EsoCore.Notifications;
using EsoCore.Rules;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Telemetry;
using EsoCore.Tests.Cluster;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Workflows;

/// <summary>
/// Two silos over one database, of which one is to die at a certain moment, with a device, a rule over its tampering, and a receiver of
/// webhooks. The clock may leap once only one silo is left: two would each take the other for dead.
/// </summary>
internal sealed class MortalCluster : IAsyncDisposable
{
    /// <summary>The rule, and the event that it is over.</summary>
    public const string Tampering = "tamper_detected";

    /// <summary>Just longer than a reminder waits that tells the silo that is left of a grain with something to do.</summary>
    public static readonly TimeSpan Reminder = TimeSpan.FromSeconds(61);

    /// <summary>How long messages are waited for until the clock leaps again.</summary>
    private static readonly TimeSpan BetweenLeaps = TimeSpan.FromSeconds(20);

    /// <summary>Leaps over several periods of a reminder; it only keeps a broken test from hanging.</summary>
    private const int MaxLeaps = 15;

    private readonly DeathPoint _point;
    private ProductCluster _cluster = null!;
    private Exception? _failure;

    private MortalCluster(DeathPoint point, HttpReceiver receiver) => (_point, Receiver) = (point, receiver);

    public LeapingClock Clock { get; } = new();

    public HttpReceiver Receiver { get; }

    public Guid Device { get; private set; }

    /// <summary>Where the messages to a hook are made.</summary>
    public INotifierGrain Notifier(string hook) => Grain<INotifierGrain>(KeyOf($"channel:{hook}"));

    public IIncidentGrain IncidentGrain => Grain<IIncidentGrain>(SubjectKey.Device(Device).GrainKey(_cluster.ProjectId, Tampering));

    /// <summary>Starts it.</summary>
    /// <param name="moment">When a silo stops for good; null: not by itself.</param>
    public static async Task<MortalCluster> Start(Moment? moment = null)
    {
        var cluster = new MortalCluster(new DeathPoint(moment), await HttpReceiver.StartAsync());
        cluster._cluster = await ProductCluster.Start(2, (services, _) =>
        {
            services.AddTestClock(cluster.Clock);
            services.AddDeathPoint(cluster._point);
            services.Configure<NotificationOptions>(options => options.AllowedNetworks = ["127.0.0.0/8"]);
        });
        return cluster;
    }

    public T Grain<T>(string key) where T : IGrainWithStringKey => _cluster.Silos.Client.GetGrain<T>(key);

    public string KeyOf(string id) => ProjectKey.Of(_cluster.ProjectId, id);

    /// <summary>A channel that leads to <c>/id</c> of the receiver.</summary>
    public async Task AddHook(string id)
    {
        var definition = new ChannelDefinition(id, ChannelKinds.Webhook, true, new ChannelSettings([]), null, [], null, null);
        var secrets = new ChannelSecrets(Url: $"{Receiver.Url}/{id}", Secret: "0123456789abcdef");
        Assert.Equal(EditOutcome.Created, (await Grain<IChannelGrain>(KeyOf(id)).Put(definition, secrets, null, true)).Outcome);
    }

    /// <summary>Sets what tampering leads to, and makes the device.</summary>
    public async Task SetUp(params ImmutableArray<RuleAction> actions)
    {
        var rule = new RuleDefinition(
            "Tampering", null, true, RuleScope.All, SubjectKind.Device, new($$"""{"type":"event","types":["{{Tampering}}"]}"""), "critical",
            TimeSpan.FromHours(1), null, actions);
        Assert.Empty((await Grain<IRuleGrain>(KeyOf(Tampering)).Put(rule, null, false)).Errors);
        Device = (await _cluster.AddDevices(1))[0];
        foreach (var silo in _cluster.Silos.Silos)
        {
            var mark = silo.ServiceProvider.GetRequiredService<SiloMark>();
            silo.ServiceProvider.GetRequiredService<PostgresStorage>().Faults.AfterCommit = devices =>
            {
                if (devices.Contains(Device))
                    _point.Block(Moment.DeviceCommitted, mark);
            };
        }
    }

    /// <summary>A batch with one event of tampering.</summary>
    public BatchUpload Batch()
    {
        var body = Encoding.UTF8.GetBytes(
            $$"""[{"ts":"{{Clock.GetUtcNow():yyyy-MM-ddTHH:mm:ss.ffffffZ}}","series":"{{Tampering}}","val":null,"unit":null}]""");
        var hash = Convert.ToHexStringLower(SHA256.HashData(body));
        return new BatchUpload(new DeviceCall(Clock.GetUtcNow()), Guid.NewGuid(), hash, BatchFormat.Json, null, body);
    }

    /// <summary>
    /// Uploads as a device does, until it is taken or a silo has come to its moment: who dies over the batch gives no answer.
    /// </summary>
    public void Send(BatchUpload batch) => _ = Eventually.Holds(
        async () => await TryUpload(batch) is { Outcome: not UploadOutcome.Unavailable } || _point.Reached.IsCompleted,
        () => "The batch could not be uploaded.");

    /// <summary>Uploads until there is an answer, as a device does.</summary>
    public async Task<UploadOutcome> Upload(BatchUpload batch)
    {
        UploadAnswer? answer = null;
        await Eventually.Holds(
            async () => (answer = await TryUpload(batch)) is { Outcome: not UploadOutcome.Unavailable },
            () => $"The batch could not be uploaded: {_failure}");
        return answer!.Outcome;
    }

    /// <summary>Kills the silo that has come to its moment; ends when the other one knows.</summary>
    public async Task KillAtItsMoment()
    {
        var mark = await _point.Reached.WaitAsync(TimeSpan.FromMinutes(3)); // It only keeps a broken test from hanging.
        await Kill(_cluster.Silos.Silos.Single(silo => silo.ServiceProvider.GetRequiredService<SiloMark>() == mark));
    }

    /// <summary>Kills the silo that has a grain; ends when the other one knows.</summary>
    public Task KillHolderOf(IAddressable grain) => Kill(_cluster.Silos.Silos.Single(silo => _cluster.Holds(silo, grain)));

    /// <summary>
    /// Waits until so many messages came, and leaps now and then: a leap before the silo that is left has taken over a reminder is missed,
    /// and that of an incident comes again after minutes.
    /// </summary>
    public async Task Arrive(int count, Func<ReceivedRequest, bool>? fits = null)
    {
        for (var leaps = 0; ; leaps++)
        {
            try
            {
                await Receiver.Until(count, fits, BetweenLeaps);
                return;
            }
            catch (TimeoutException) when (leaps < MaxLeaps)
            {
                Clock.Leap(Reminder);
            }
        }
    }

    /// <summary>Brings a grain's reminder many times over, at one time.</summary>
    public Task Wake(IAddressable grain, int times) => Task.WhenAll(Enumerable.Range(0, times).Select(_ => Eventually.Holds(
        async () =>
        {
            try
            {
                await _cluster.Silos.Client.GetGrain<IRemindable>(grain.GetGrainId()).ReceiveReminder("wake", default);
                return true;
            }
            catch (Exception)
            {
                return false; // After a leap a silo asks first whether it is still a member.
            }
        },
        () => "The grain cannot be woken.")));

    /// <summary>
    /// Waits until everything that was committed has arrived and is recorded: transitions, the rule's notices, the hooks' messages.
    /// </summary>
    public Task Settled() => Eventually.Holds(
        async () => await _cluster.Ask<long>("select count(*) from outbox") == 0
            && (await States($"incident/{Tampering}/")).All(body => WorkJson.Read<IncidentState>(body).Outgoing.IsEmpty)
            && (await States("notifier/channel:")).All(body => !NotificationJson.Read<NotifierState>(body).IsBusy),
        () => $"Something is still under way: {string.Join('\n', States("").Result)}");

    /// <summary>The one incident.</summary>
    public async Task<Incident> Incident() => Assert.Single((await Grain<IIncidentListGrain>($"{_cluster.ProjectId:D}").List(
        new IncidentFilter([], null, Tampering, null, null, null, null, null, null), new PageRequest())).Items);

    /// <summary>What is recorded of the messages.</summary>
    public async Task<string[]> Deliveries() => JsonSerializer.Deserialize<string[]>(await _cluster.Ask<string>(
        "select coalesce(json_agg(status), '[]')::text from work_item where kind = 'delivery'"))!;

    /// <summary>Holds back what a hook's notifier commits, from its second commit on.</summary>
    public Task<HeldRow> HoldNotifier(string hook) => HeldRow.Take(_cluster.ConnectionString, $"notifier/channel:{hook}");

    /// <summary>The times at which levels of escalation were taken, as the trail has them.</summary>
    public async Task<DateTimeOffset[]> Escalations() =>
    [
        .. JsonSerializer.Deserialize<long[]>(await _cluster.Ask<string>(
            "select coalesce(json_agg(at order by at), '[]')::text from event_log where action = 'incident.escalated'"))!
            .Select(us => DateTimeOffset.UnixEpoch.AddMicroseconds(us)),
    ];

    public async ValueTask DisposeAsync()
    {
        _point.Died();
        await _cluster.DisposeAsync();
        await Receiver.DisposeAsync();
    }

    private async Task<UploadAnswer?> TryUpload(BatchUpload batch)
    {
        try
        {
            return await _cluster.Device(Device).Upload(batch);
        }
        catch (Exception error)
        {
            _failure = error;
            return null;
        }
    }

    private async Task Kill(InProcessSiloHandle silo)
    {
        var killing = _cluster.Silos.KillSiloAsync(silo);
        await _cluster.Silos.WaitForLivenessToStabilizeAsync();
        _point.Died();
        await killing;
        Assert.Single(_cluster.Silos.Silos);
    }

    private async Task<string[]> States(string owner) => JsonSerializer.Deserialize<string[]>(await _cluster.Ask<string>(
        $"select coalesce(json_agg(body), '[]')::text from work_state where owner like '{owner}%'"))!;
}
