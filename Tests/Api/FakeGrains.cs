using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using EsoCore.Assets;
using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Escalation;
using EsoCore.Feed;
using EsoCore.Firmware;
using EsoCore.Incidents;
using EsoCore.Notifications;
using EsoCore.Projects;
using EsoCore.Rules;
using EsoCore.Sites;
using EsoCore.Telemetry;
using EsoCore.Tests.Support;
using EsoCore.Tickets;
using EsoCore.Wire;

namespace EsoCore.Tests.Api;

/// <summary>Grains as the front door sees them, in plain memory: enough to test the door, without any rules.</summary>
internal sealed class FakeGrains : FakeGrainFactory
{
    public FakeCredentials Credentials { get; } = new();

    public ConcurrentDictionary<string, FakeDevice> Devices { get; } = new();

    /// <summary>The live feeds by project id.</summary>
    public Func<string, IFeedGrain>? Feeds { get; set; }

    /// <summary>Every key that a grain was asked for.</summary>
    public ConcurrentBag<(Type Interface, string Key)> Asked { get; } = [];

    private readonly ConcurrentDictionary<(Type, string), object> _grains = new();

    public FakeDevice AddDevice(Guid projectId, string secret, DeviceStatus status = DeviceStatus.Active, bool signatureRequired = false)
    {
        var device = new FakeDevice(this, Registration(projectId, status, signatureRequired));
        Devices[device.Id.ToString("D")] = device;
        Credentials.Add(device.Registration, secret, device.KeyId);
        return device;
    }

    public static DeviceRegistration Registration(Guid projectId, DeviceStatus status = DeviceStatus.Active, bool signatureRequired = false) => new(
        Guid.NewGuid(), projectId, "SN-1", "model-a", null, ImmutableSortedDictionary<string, string>.Empty, status, "stable", signatureRequired,
        ConfigSettings.Empty, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    protected override object Find(Type type, string key)
    {
        Asked.Add((type, key));
        if (type == typeof(ICredentialGrain))
            return Credentials;
        if (type == typeof(IFeedGrain))
            return Feeds!(key);
        if (type == typeof(IDeviceGrain))
            return Devices.TryGetValue(key, out var device) ? device : new FakeDevice(this, null);
        return _grains.GetOrAdd((type, key), _ =>
            type == typeof(IProjectGrain) ? new FakeProject(this, Guid.Parse(key))
            : type == typeof(IInstallationGrain) ? new FakeInstallation(this)
            : type == typeof(ISiteGrain) ? new FakeSite(key)
            : type == typeof(IAssetGrain) ? new FakeAsset(key)
            : type == typeof(IConfigProfileGrain) ? new FakeProfile(key)
            : type == typeof(IIncidentListGrain) ? new FakeIncidentLists()
            : type == typeof(IIncidentGrain) ? new FakeIncidentGrain()
            : type == typeof(ITicketGrain) ? new FakeTicket()
            : type == typeof(IEscalationPolicyGrain) ? new FakePolicy(key)
            : type == typeof(IOnCallScheduleGrain) ? new FakeSchedule(key)
            : type == typeof(IEscalationListGrain) ? new FakeEscalationLists()
            : type == typeof(IPersonGrain) ? new FakePerson(key)
            : type == typeof(ITeamGrain) ? new FakeTeam(key)
            : type == typeof(IChannelGrain) ? new FakeChannel(key)
            : type == typeof(ISilenceGrain) ? new FakeSilence(key)
            : type == typeof(IMaintenanceWindowGrain) ? new FakeMaintenanceWindow(key)
            : type == typeof(ITemplateGrain) ? new FakeTemplate(key)
            : type == typeof(INotificationsGrain) ? new FakeNotifications()
            : type == typeof(IRuleGrain) ? new FakeRule(key)
            : type == typeof(IRuleSetGrain) ? new FakeRuleSet()
            : type == typeof(IRuleTrialGrain) ? new FakeTrial()
            : throw new NotSupportedException(type.Name));
    }
}

internal sealed class FakeCredentials : ICredentialGrain
{
    private readonly ConcurrentDictionary<Guid, DeviceCredential> _devices = new();
    private readonly ConcurrentDictionary<Guid, KeyCredential> _keys = new();
    private int _lookups;

    public int Lookups => _lookups;

    /// <summary>When set, lookups wait for it.</summary>
    public Task? Gate { get; set; }

    public static KeyCredential Key(Guid keyId, Guid projectId, Guid? deviceId, string secret) => new(
        keyId, projectId, deviceId, SHA256.HashData(Encoding.UTF8.GetBytes(secret)), deviceId is null ? default : BodySignature.DeriveKey(secret), null);

    public void Add(DeviceRegistration device, string secret, Guid keyId)
    {
        var key = Key(keyId, device.ProjectId, device.DeviceId, secret);
        _keys[keyId] = key;
        _devices[device.DeviceId] = new DeviceCredential(device.DeviceId, device.ProjectId, device.Status, device.SignatureRequired, [key]);
    }

    public Guid AddProjectKey(Guid projectId, string secret)
    {
        var id = Guid.NewGuid();
        _keys[id] = Key(id, projectId, null, secret);
        return id;
    }

    public void Change(Guid deviceId, Func<DeviceCredential, DeviceCredential> change) => _devices[deviceId] = change(_devices[deviceId]);

    public void Remove(Guid id)
    {
        _devices.TryRemove(id, out _);
        _keys.TryRemove(id, out _);
    }

    public async Task<DeviceCredential?> FindDevice(Guid deviceId)
    {
        Interlocked.Increment(ref _lookups);
        var found = _devices.GetValueOrDefault(deviceId);
        if (Gate is { } gate)
            await gate;
        return found;
    }

    public async Task<KeyCredential?> FindKey(Guid keyId)
    {
        Interlocked.Increment(ref _lookups);
        var found = _keys.GetValueOrDefault(keyId);
        if (Gate is { } gate)
            await gate;
        return found;
    }
}

internal sealed class FakeDevice(FakeGrains grains, DeviceRegistration? registration) : IDeviceGrain
{
    public Guid KeyId { get; } = Guid.NewGuid();

    public DeviceRegistration Registration { get; private set; } = registration!;

    public Guid Id => Registration.DeviceId;

    public long Version { get; private set; } = 1;

    public ConcurrentQueue<BatchUpload> Uploads { get; } = new();

    public ConcurrentQueue<HeartbeatReport> Heartbeats { get; } = new();

    public ConcurrentQueue<OtaReport> OtaReports { get; } = new();

    public Func<BatchUpload, Task<UploadAnswer>> OnUpload { get; set; } = _ => Task.FromResult(new UploadAnswer(
        UploadOutcome.Accepted,
        """{"accepted":1,"duplicates":0,"rejected":0,"next_hint":"backoff_ms: 0","config_version":7}"""u8.ToArray(),
        Counts: new BatchCounts(1, 0, 0, 1)));

    public DeviceOutcome Outcome { get; set; } = DeviceOutcome.Done;

    /// <summary>The grain's word for an outcome other than done.</summary>
    public string? Code { get; set; }

    public DeviceConfig Config { get; set; } = new(7, new ConfigSettings(UploadIntervalS: 60));

    public OtaOffer? Offer { get; set; }

    public long? HeldVersion { get; private set; }

    public ImmutableArray<FileCursor> Cursors { get; set; } = [new("a.log", 17)];

    public Task<UploadAnswer> Upload(BatchUpload batch)
    {
        Uploads.Enqueue(batch with { Body = batch.Body.ToArray() });
        return OnUpload(batch);
    }

    public Task<DeviceAnswer<HeartbeatAnswer>> Heartbeat(HeartbeatReport report)
    {
        Heartbeats.Enqueue(report);
        return Answer(new HeartbeatAnswer(report.Call.ReceivedAt, Config.ConfigVersion, Offer is not null));
    }

    public Task<DeviceAnswer<DeviceConfig>> GetConfig(long? heldVersion, DeviceCall call)
    {
        HeldVersion = heldVersion;
        return Answer(Config);
    }

    public Task<DeviceAnswer<OtaAnswer>> CheckOta(string? runningVersion, DeviceCall call) => Answer(new OtaAnswer(runningVersion, Offer));

    public Task<DeviceAnswer<bool>> ReportOta(OtaReport report)
    {
        OtaReports.Enqueue(report);
        return Answer(true);
    }

    public Task<DeviceAnswer<FirmwareVersion>> RecordFirmwareVersion(string version, DateTimeOffset at) =>
        Answer(new FirmwareVersion(Id, at, version, "api"));

    public Task<TwinView?> GetTwin(Scope scope) => Task.FromResult(InScope(scope) ? Twin() : null);

    public Task<ImmutableArray<FileCursor>> GetCursors() => Task.FromResult(Cursors);

    public Task<Versioned<DeviceRegistration>?> GetRegistration(Scope scope) =>
        Task.FromResult(InScope(scope) ? new Versioned<DeviceRegistration>(Id.ToString("D"), Version, Registration) : null);

    public Task<EditResult<DeviceRegistration>> ChangeRegistration(Scope scope, RegistrationChange change, long? expectedVersion)
    {
        if (!InScope(scope))
            return Task.FromResult(EditResult<DeviceRegistration>.Of(EditOutcome.NotFound));
        if (expectedVersion is { } expected && expected != Version)
            return Task.FromResult(EditResult<DeviceRegistration>.Of(EditOutcome.VersionMismatch));
        Registration = Registration with
        {
            Serial = change.Serial ?? Registration.Serial,
            Status = change.Status ?? Registration.Status,
            SiteId = change.SiteId is "" ? null : change.SiteId ?? Registration.SiteId,
            Overrides = change.Overrides ?? Registration.Overrides,
        };
        Version++;
        grains.Credentials.Change(Id, credential => credential with { Status = Registration.Status });
        return Task.FromResult(EditResult<DeviceRegistration>.Of(EditOutcome.Changed, new(Id.ToString("D"), Version, Registration)));
    }

    public Task<DateTimeOffset?> CheckLiveness() => Task.FromResult<DateTimeOffset?>(null);

    public Task EnableSensorAlerts(Scope scope, string ruleId, DateTimeOffset upTo) => Task.CompletedTask;

    private bool InScope(Scope scope) => Registration is not null && Registration.ProjectId == scope.ProjectId;

    private Task<DeviceAnswer<T>> Answer<T>(T value) =>
        Task.FromResult(Outcome == DeviceOutcome.Done ? new DeviceAnswer<T>(Outcome, value) : new DeviceAnswer<T>(Outcome, Code: Code));

    private TwinView Twin() => new(
        Id, Registration.ProjectId, Registration.Serial, Registration.Model, Registration.SiteId, Registration.Tags, Registration.Status, true, null,
        new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero).AddMicroseconds(123_456), null, "1.2.3", "stable", new TwinConfigView(7, 6, null),
        ImmutableSortedDictionary<string, long>.Empty.Add("Log_A", 5), null, null,
        [new SeriesView("temp_ambient", "°C", "ASSET_3", default, new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero), 23.5, 3)],
        new TwinCounters(1, 2, 3, 4), 9);
}
