using System.Collections.Immutable;
using System.Globalization;
using EsoCore.Grains.Storage;

namespace EsoCore.Tests.Support;

/// <summary>What grains above the device write.</summary>
internal sealed partial class InMemoryStores : IWorkStore
{
    private readonly Dictionary<(Guid Project, string Owner), StoredWork> _work = [];
    private readonly Dictionary<string, WorkRest?> _rests = [];
    private readonly Dictionary<(Guid Project, string Kind, Guid Id), WorkItem> _items = [];
    private readonly Dictionary<(Guid Project, Guid Id), LogEntry> _log = [];

    /// <summary>All items of a kind, by time.</summary>
    public ImmutableArray<WorkItem> Items(string kind)
    {
        lock (_gate)
            return [.. _items.Values.Where(i => i.Kind == kind).OrderBy(i => i.At).ThenBy(i => i.Id)];
    }

    /// <summary>Does what upkeep does with a state that was idle for long; false where something is under way.</summary>
    public bool ComeToRest(Guid projectId, string owner)
    {
        lock (_gate)
        {
            if (_rests.GetValueOrDefault(owner) is not { } rest)
                return false;
            var key = (projectId, owner);
            if (rest.Body.Length == 0)
                _work.Remove(key);
            else
                _work[key] = new StoredWork(_work[key].Version + 1, rest.Body);
            return true;
        }
    }

    /// <summary>The whole trail, by time.</summary>
    public ImmutableArray<LogEntry> Log
    {
        get
        {
            lock (_gate)
                return [.. _log.Values.OrderBy(l => l.At)];
        }
    }

    public Task<StoredWork?> Load(Guid projectId, string owner, CancellationToken cancel) =>
        Do("LoadWork", () => _work.GetValueOrDefault((projectId, owner)));

    public Task<bool> Commit(WorkCommit commit, CancellationToken cancel) => Do("CommitWork", () =>
    {
        var key = (commit.ProjectId, commit.Owner);
        if ((_work.GetValueOrDefault(key)?.Version ?? 0) != commit.ExpectedVersion)
            return false;
        _work[key] = new StoredWork(commit.ExpectedVersion + 1, commit.Body);
        _rests[commit.Owner] = commit.Rest;
        foreach (var item in commit.Items)
            _items[(commit.ProjectId, item.Kind, item.Id)] = item;
        foreach (var line in commit.Log)
            _log.TryAdd((commit.ProjectId, line.Id), line);
        return true;
    });

    public Task<WorkItem?> Find(Guid projectId, string kind, Guid id, CancellationToken cancel) =>
        Do("FindWork", () => _items.GetValueOrDefault((projectId, kind, id)));

    public Task<Page<WorkItem>> List(Guid projectId, WorkFilter filter, PageRequest page, CancellationToken cancel) =>
        Do("ListWork", () => NewestFirst(
        _items.Where(i => i.Key.Project == projectId).Select(i => i.Value).Where(i => i.Kind == filter.Kind
            && (filter.Statuses.IsDefaultOrEmpty || filter.Statuses.Contains(i.Status))
            && (filter.Severity ?? i.Severity) == i.Severity && (filter.RuleId ?? i.RuleId) == i.RuleId
            && (filter.DeviceId ?? i.DeviceId) == i.DeviceId && (filter.SiteId ?? i.SiteId) == i.SiteId
            && (filter.AssetId ?? i.AssetId) == i.AssetId && (filter.CauseId ?? i.CauseId) == i.CauseId
            && (filter.From ?? i.At) <= i.At && (filter.To is not { } to || i.At < to)),
        i => i.At, i => i.Id, page));

    public Task<Page<LogEntry>> ReadLog(Guid projectId, LogFilter filter, PageRequest page, CancellationToken cancel) =>
        Do("ReadLog", () => NewestFirst(
        _log.Where(l => l.Key.Project == projectId).Select(l => l.Value).Where(l =>
            (filter.ItemId ?? l.ItemId) == l.ItemId && (filter.DeviceId ?? l.DeviceId) == l.DeviceId
                && (filter.Action ?? l.Action) == l.Action
            && (filter.From ?? l.At) <= l.At && (filter.To is not { } to || l.At < to)),
        l => l.At, l => l.Id, page));

    private static Page<T> NewestFirst<T>(IEnumerable<T> items, Func<T, DateTimeOffset> at, Func<T, Guid> id, PageRequest page)
    {
        var after = page.After?.Split(' ');
        var (time, last) = after is null ? (default, default)
            : (new DateTimeOffset(long.Parse(after[0], CultureInfo.InvariantCulture), TimeSpan.Zero), Guid.Parse(after[1]));
        var rest = items.OrderByDescending(at).ThenByDescending(id)
            .Where(i => after is null || at(i) < time || at(i) == time && id(i).CompareTo(last) < 0).Take(page.Limit + 1).ToList();
        return rest.Count <= page.Limit ? new Page<T>([.. rest], null)
            : new Page<T>([.. rest.Take(page.Limit)], $"{at(rest[page.Limit - 1]).UtcTicks} {id(rest[page.Limit - 1]):D}");
    }
}
