using System.Collections.Immutable;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Storage;
using EsoCore.Projects;

namespace EsoCore.Tests.Support;

/// <summary>
/// All storage ports over plain collections, exact to their contracts, for tests of grains. One lock guards everything; nothing waits.
/// </summary>
internal sealed partial class InMemoryStores(TimeProvider time)
    : IProjectStore, IResourceStore, IOutboxStore, IGrainStateStore, IReminderStore, IDeviceStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Versioned<Project>> _projects = [];
    private readonly Dictionary<Guid, NewKey> _keys = [];
    private readonly Dictionary<(Guid Project, string Kind, string Id), StoredResource> _resources = [];
    private readonly SortedDictionary<long, OutboxRow> _outbox = [];
    private readonly Dictionary<(string Type, string Key, string Name), GrainStateRow> _states = [];
    private readonly Dictionary<(string GrainId, string Name), ReminderRow> _reminders = [];
    private readonly Dictionary<string, int> _calls = [];
    private readonly List<(Func<bool> Condition, TaskCompletionSource Waiter)> _waiters = [];
    private long _sequence;

    /// <summary>Asked with a method's name before it does anything; what it returns is thrown.</summary>
    public Func<string, Exception?>? Fault { get; set; }

    /// <summary>
    /// Asked with a method's name after it did its work; what it returns is thrown: the outcome is then unknown to the caller.
    /// </summary>
    public Func<string, Exception?>? FaultAfter { get; set; }

    /// <summary>Transitions not yet confirmed, oldest first.</summary>
    public ImmutableArray<OutboxEntry> Unconfirmed
    {
        get
        {
            lock (_gate)
                return [.. _outbox.Values.Select(r => r.Entry)];
        }
    }

    /// <summary>How often a method was called.</summary>
    public int Calls(string method)
    {
        lock (_gate)
            return _calls.GetValueOrDefault(method);
    }

    /// <summary>Ends once a condition holds, looked at after every call. The time limit only keeps a broken test from hanging.</summary>
    public Task Until(Func<bool> condition)
    {
        lock (_gate)
        {
            if (condition())
                return Task.CompletedTask;
            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((condition, waiter));
            return waiter.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
    }

    public Task CreateProject(Project project, NewKey key, CancellationToken cancel) => Do(nameof(CreateProject), () =>
    {
        _projects.Add(project.Id, new Versioned<Project>(project.Id.ToString("D"), 1, project));
        _keys.Add(key.KeyId, key);
        return true;
    });

    public Task<Versioned<Project>?> FindProject(Guid projectId, CancellationToken cancel) =>
        Do(nameof(FindProject), () => _projects.GetValueOrDefault(projectId));

    public Task<Versioned<Project>?> SetRetention(Guid projectId, int? days, long expectedVersion, CancellationToken cancel) =>
        Do(nameof(SetRetention), () =>
        {
            if (!_projects.TryGetValue(projectId, out var known) || known.Version != expectedVersion)
                return null;
            return _projects[projectId] = known with { Version = known.Version + 1, Value = known.Value with { RetentionDays = days } };
        });

    public Task<StoredRetention?> FindRetention(Guid projectId, CancellationToken cancel) => Do(
        nameof(FindRetention),
        () => _projects.TryGetValue(projectId, out var project)
            ? new StoredRetention(project.Value.RetentionDays, RetentionFloorUs(projectId)) : null);

    public Task<long> CountDevices(Guid projectId, CancellationToken cancel) =>
        Do(nameof(CountDevices), () => CountedDevices ?? _devices.Values.LongCount(d => d.Registration.ProjectId == projectId));

    /// <summary>What <see cref="CountDevices"/> answers, when a test wants to pretend.</summary>
    public long? CountedDevices { get; set; }

    public Task<StoredCredential?> FindDeviceKeys(Guid deviceId, CancellationToken cancel) => Do(nameof(FindDeviceKeys), () =>
    {
        if (!_devices.TryGetValue(deviceId, out var device))
            return null;
        var registration = device.Registration;
        return new StoredCredential(
            deviceId, registration.ProjectId, registration.Status, registration.SignatureRequired,
            [.. _keys.Values.Where(k => k.DeviceId == deviceId).Select(Stored)]);
    });

    public Task<StoredKey?> FindKey(Guid keyId, CancellationToken cancel) =>
        Do(nameof(FindKey), () => _keys.TryGetValue(keyId, out var key) ? Stored(key) : null);

    public Task<ImmutableArray<Guid>> ListProjects(Guid after, int limit, CancellationToken cancel) => Do(nameof(ListProjects), () =>
        _projects.Keys.Where(id => id.CompareTo(after) > 0).Order().Take(limit).ToImmutableArray());

    public Task<ImmutableArray<StoredKey>> ListDeviceKeys(Guid after, int limit, CancellationToken cancel) => Do(
        nameof(ListDeviceKeys), () => _keys.Values.Where(key => key.DeviceId is not null && key.KeyId.CompareTo(after) > 0)
            .OrderBy(key => key.KeyId).Take(limit).Select(Stored).ToImmutableArray());

    public Task<bool> Reseal(Guid keyId, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, CancellationToken cancel) =>
        Do(nameof(Reseal), () =>
        {
            if (!_keys.TryGetValue(keyId, out var key) || !key.SealedSigningKey.Span.SequenceEqual(before.Span))
                return false;
            _keys[keyId] = key with { SealedSigningKey = after };
            return true;
        });

    private static StoredKey Stored(NewKey key) => new(key.KeyId, key.ProjectId, key.DeviceId, key.SecretHash, key.SealedSigningKey, null);

    public Task<StoredResource?> Find(Guid projectId, string kind, string id, CancellationToken cancel) =>
        Do(nameof(Find), () => _resources.GetValueOrDefault((projectId, kind, id)));

    public Task<bool> Write(Guid projectId, string kind, string id, string? body, long expectedVersion, CancellationToken cancel) =>
        Write(projectId, kind, id, body, expectedVersion, null, cancel);

    public Task<bool> Write(
        Guid projectId, string kind, string id, string? body, long expectedVersion, LogEntry? line, CancellationToken cancel) =>
        Do("WriteResource", () =>
        {
            if ((_resources.GetValueOrDefault((projectId, kind, id))?.Version ?? 0) != expectedVersion)
                return false;
            _resources[(projectId, kind, id)] = new StoredResource(id, expectedVersion + 1, body ?? "");
            if (line is not null)
                _log.TryAdd((projectId, line.Id), line);
            return true;
        });

    public Task<long> Count(Guid projectId, string kind, CancellationToken cancel) => Do("CountResources", () => CountedResources
        ?? _resources.LongCount(r => r.Key.Project == projectId && r.Key.Kind == kind && !r.Value.Deleted));

    /// <summary>What <see cref="Count"/> answers, when a test wants to pretend.</summary>
    public long? CountedResources { get; set; }

    public Task<Page<StoredResource>> List(Guid projectId, string kind, PageRequest page, CancellationToken cancel) => Do("ListResources", () =>
        PageOf(_resources.Where(r => r.Key.Project == projectId && r.Key.Kind == kind && !r.Value.Deleted).Select(r => r.Value), r => r.Id, page));

    /// <summary>Puts transitions into the outbox as a commit of a device would.</summary>
    public void AddToOutbox(long deviceNo, params IEnumerable<OutboxEntry> entries)
    {
        lock (_gate)
        {
            foreach (var entry in entries)
                _outbox.Add(++_sequence, new OutboxRow((int)(deviceNo % IOutboxGrain.Shards), time.GetUtcNow(), entry));
        }
    }

    public Task<ImmutableArray<OutboxEntry>> ReadOldest(
        int shard, DateTimeOffset committedBefore, int limit, int perReceiver, CancellationToken cancel) => Do(nameof(ReadOldest), () =>
    {
        var taken = new Dictionary<(string, string), int>();
        return _outbox.Values
            .Where(r => r.Shard == shard && r.CommittedAt < committedBefore)
            .Select(r => r.Entry)
            .Where(e => (taken[(e.Stream, e.Receiver)] = taken.GetValueOrDefault((e.Stream, e.Receiver)) + 1) <= perReceiver)
            .Take(limit)
            .ToImmutableArray();
    });

    public Task Confirm(string stream, string receiver, ImmutableArray<TransitionId> confirmed, CancellationToken cancel) =>
        Do(nameof(Confirm), () =>
        {
            var ids = confirmed.ToHashSet();
            foreach (var (sequence, row) in _outbox.ToList())
            {
                var entry = row.Entry;
                if (entry.Stream == stream && entry.Receiver == receiver &&
                    ids.Contains(new TransitionId(entry.Transition.DeviceId, entry.Transition.Position)))
                    _outbox.Remove(sequence);
            }

            return true;
        });

    public Task<GrainStateRow?> Read(string grainType, string grainKey, string stateName, CancellationToken cancel) =>
        Do("ReadState", () => _states.GetValueOrDefault((grainType, grainKey, stateName)));

    public Task<string?> Write(string grainType, string grainKey, string stateName, string json, string? expectedEtag, CancellationToken cancel) =>
        Do("WriteState", () =>
        {
            if (_states.GetValueOrDefault((grainType, grainKey, stateName))?.Etag != expectedEtag)
                return null;
            var etag = (++_sequence).ToString();
            _states[(grainType, grainKey, stateName)] = new GrainStateRow(json, etag);
            return etag;
        });

    public Task<bool> Clear(string grainType, string grainKey, string stateName, string? expectedEtag, CancellationToken cancel) =>
        Do("ClearState", () =>
        {
            if (_states.GetValueOrDefault((grainType, grainKey, stateName))?.Etag != expectedEtag)
                return false;
            _states.Remove((grainType, grainKey, stateName));
            return true;
        });

    public Task<ImmutableArray<ReminderRow>> Read(string grainId, CancellationToken cancel) =>
        Do("ReadReminders", () => _reminders.Values.Where(r => r.GrainId == grainId).ToImmutableArray());

    public Task<ImmutableArray<ReminderRow>> Read(uint begin, uint end, CancellationToken cancel) =>
        Do("ReadReminders", () => _reminders.Values
            .Where(r => begin < end ? r.GrainHash > begin && r.GrainHash <= end : r.GrainHash > begin || r.GrainHash <= end)
            .ToImmutableArray());

    public Task<string> Upsert(ReminderRow row, CancellationToken cancel) => Do(nameof(Upsert), () =>
    {
        var stored = row with { Etag = (++_sequence).ToString() };
        _reminders[(row.GrainId, row.Name)] = stored;
        return stored.Etag;
    });

    public Task<bool> Remove(string grainId, string name, string etag, CancellationToken cancel) => Do(nameof(Remove), () =>
        _reminders.TryGetValue((grainId, name), out var row) && row.Etag == etag && _reminders.Remove((grainId, name)));

    private Task<T> Do<T>(string method, Func<T> work)
    {
        lock (_gate)
        {
            _calls[method] = _calls.GetValueOrDefault(method) + 1;
            try
            {
                if (Fault?.Invoke(method) is { } before)
                    return Task.FromException<T>(before);
                var result = work();
                return FaultAfter?.Invoke(method) is { } after ? Task.FromException<T>(after) : Task.FromResult(result);
            }
            catch (Exception error)
            {
                return Task.FromException<T>(error);
            }
            finally
            {
                foreach (var met in _waiters.Where(w => w.Condition()).ToList())
                {
                    _waiters.Remove(met);
                    met.Waiter.SetResult();
                }
            }
        }
    }

    private static Page<T> PageOf<T>(IEnumerable<T> items, Func<T, string> id, PageRequest page)
    {
        var rest = items.OrderBy(id, StringComparer.Ordinal).Where(i => page.After is null || string.CompareOrdinal(id(i), page.After) > 0)
            .Take(page.Limit + 1).ToList();
        return rest.Count > page.Limit ? new Page<T>([.. rest.Take(page.Limit)], id(rest[page.Limit - 1])) : new Page<T>([.. rest], null);
    }

    private sealed record OutboxRow(int Shard, DateTimeOffset CommittedAt, OutboxEntry Entry);
}
