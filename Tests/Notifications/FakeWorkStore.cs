using System.Collections.Immutable;
using EsoCore.Grains.Storage;

namespace EsoCore.Tests.Notifications;

/// <summary>The work store in memory, exact to its contract.</summary>
internal sealed class FakeWorkStore : IWorkStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Guid, string), StoredWork> _states = [];
    private readonly Dictionary<(Guid, string, Guid), WorkItem> _items = [];
    private readonly Dictionary<(Guid, Guid), LogEntry> _log = [];
    private readonly List<(Func<bool> Holds, TaskCompletionSource Waiter)> _waiters = [];

    /// <summary>Asked with each commit before it is made; what it returns is thrown.</summary>
    public Func<WorkCommit, Exception?>? Fault { get; set; }

    public int Commits { get; private set; }

    public ImmutableArray<WorkItem> Items
    {
        get
        {
            lock (_gate)
                return [.. _items.Values.OrderBy(i => i.At)];
        }
    }

    public ImmutableArray<LogEntry> Log
    {
        get
        {
            lock (_gate)
                return [.. _log.Values];
        }
    }

    /// <summary>Refusals in a row that a channel has counted.</summary>
    public int Faults(string channel)
    {
        lock (_gate)
        {
            return _states.GetValueOrDefault((Notices.Project, $"channel/{channel}")) is { } stored
                ? System.Text.Json.JsonDocument.Parse(stored.Body).RootElement.GetProperty("in_a_row").GetInt32() : 0;
        }
    }

    public Task<StoredWork?> Load(Guid projectId, string owner, CancellationToken cancel)
    {
        lock (_gate)
            return Task.FromResult(_states.GetValueOrDefault((projectId, owner)));
    }

    public async Task<bool> Commit(WorkCommit commit, CancellationToken cancel)
    {
        await Task.Yield(); // As a database would, it lets others go on meanwhile.
        lock (_gate)
        {
            if (Fault?.Invoke(commit) is { } fault)
                throw fault;
            if ((_states.GetValueOrDefault((commit.ProjectId, commit.Owner))?.Version ?? 0) != commit.ExpectedVersion)
                return false;
            Commits++;
            _states[(commit.ProjectId, commit.Owner)] = new StoredWork(commit.ExpectedVersion + 1, commit.Body);
            foreach (var item in commit.Items)
                _items[(commit.ProjectId, item.Kind, item.Id)] = item;
            foreach (var entry in commit.Log)
                _log.TryAdd((commit.ProjectId, entry.Id), entry);
            foreach (var (_, waiter) in _waiters.Where(w => w.Holds()))
                waiter.TrySetResult();
            return true;
        }
    }

    /// <summary>Ends once a condition holds, looked at after each commit. The time limit only keeps a broken test from hanging.</summary>
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

    /// <summary>Waited for between what a read has found and its answer.</summary>
    public Func<Task>? BeforeFind { get; set; }

    public async Task<WorkItem?> Find(Guid projectId, string kind, Guid id, CancellationToken cancel)
    {
        WorkItem? found;
        lock (_gate)
            found = _items.GetValueOrDefault((projectId, kind, id));
        if (BeforeFind is { } wait)
            await wait();
        return found;
    }

    public Task<Page<WorkItem>> List(Guid projectId, WorkFilter filter, PageRequest page, CancellationToken cancel)
    {
        lock (_gate)
        {
            return Task.FromResult(new Page<WorkItem>(
                [
                    .. _items.Where(i => i.Key.Item1 == projectId && i.Value.Kind == filter.Kind).Select(i => i.Value)
                        .Where(i => filter.Statuses.IsDefaultOrEmpty || filter.Statuses.Contains(i.Status))
                        .Where(i => filter.CauseId is null || filter.CauseId == i.CauseId)
                        .OrderByDescending(i => i.At).Take(page.Limit),
                ],
                null));
        }
    }

    public Task<Page<LogEntry>> ReadLog(Guid projectId, LogFilter filter, PageRequest page, CancellationToken cancel)
    {
        lock (_gate)
            return Task.FromResult(new Page<LogEntry>([.. _log.Where(l => l.Key.Item1 == projectId).Select(l => l.Value).Take(page.Limit)],
                null));
    }
}
