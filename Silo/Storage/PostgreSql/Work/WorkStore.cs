using EsoCore.Grains.Storage;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>What grains above the device write, each step in one statement behind a compare-and-set on the grain's own state.</summary>
internal sealed class WorkStore(Sessions sessions) : IWorkStore
{
    private static readonly SqlFile Sql = SqlFile.Of<WorkStore>();

    /// <inheritdoc/>
    public Task<StoredWork?> Load(Guid projectId, string owner, CancellationToken cancel) => sessions.ReadOne(
        Sql["load"], a => a.Add(projectId).Add(owner), row => new StoredWork(row.Long(0), row.Text(1)), cancel);

    /// <inheritdoc/>
    public async Task<bool> Commit(WorkCommit commit, CancellationToken cancel) =>
        await sessions.Write(Sql["commit"], a => Bind(a, commit), row => row.Long(0), cancel).ConfigureAwait(false) == 1;

    /// <inheritdoc/>
    public Task<WorkItem?> Find(Guid projectId, string kind, Guid id, CancellationToken cancel) => sessions.ReadOne(
        Sql["find"], a => a.Add(projectId).Add(kind).Add(id), row => ReadItem(row, kind), cancel);

    /// <inheritdoc/>
    public Task<Page<WorkItem>> List(Guid projectId, WorkFilter filter, PageRequest page, CancellationToken cancel)
    {
        var asked = WorkQuery.Items('$', projectId, filter, page);
        return sessions.Read(
            asked.Text,
            a => Bind(a, asked.Values),
            (row, stop) => Pages.Collect(
                row, asked.Limit, r => ReadItem(r, filter.Kind), r => WorkQuery.Key(TokenKey.Work, r.Long(9), r.Guid(0)), stop),
            cancel);
    }

    /// <inheritdoc/>
    public Task<Page<LogEntry>> ReadLog(Guid projectId, LogFilter filter, PageRequest page, CancellationToken cancel)
    {
        var asked = WorkQuery.Log('$', projectId, filter, page);
        return sessions.Read(
            asked.Text,
            a => Bind(a, asked.Values),
            (row, stop) => Pages.Collect(row, asked.Limit, ReadLine, r => WorkQuery.Key(TokenKey.Log, r.Long(1), r.Guid(0)), stop),
            cancel);
    }

    /// <summary>
    /// Columns of rows as arrays. Each id once, the last of it, because a statement cannot write a row twice; in order of ids.
    /// </summary>
    private static void Bind(Args args, WorkCommit commit)
    {
        var items = commit.Items.GroupBy(i => (i.Kind, i.Id)).OrderBy(g => g.Key.Kind, StringComparer.Ordinal).ThenBy(g => g.Key.Id)
            .Select(g => g.Last()).ToList();
        var log = commit.Log.DistinctBy(l => l.Id).OrderBy(l => l.Id).ToList();
        args.Add(commit.ProjectId).Add(commit.Owner).Add(commit.ExpectedVersion).Add(commit.Body);
        args.Add(commit.Rest is { } rest ? Micros.From(rest.Since) : (long?)null).Add(commit.Rest?.Body);
        args.Add(Texts(i => i.Kind)).Add(items.Select(i => i.Id).ToList()).Add(Texts(i => i.Owner)).Add(Texts(i => i.Status));
        args.Add(Texts(i => i.Severity)).Add(Texts(i => i.RuleId)).Add(items.Select(i => i.DeviceId).ToList()).Add(Texts(i => i.SiteId));
        args.Add(Texts(i => i.AssetId)).Add(items.Select(i => i.CauseId).ToList());
        args.Add(items.Select(i => Micros.From(i.At)).ToList()).Add(Texts(i => i.Body));
        args.Add(log.Select(l => l.Id).ToList()).Add(log.Select(l => Micros.From(l.At)).ToList());
        args.Add(log.Select(string? (l) => l.Actor).ToList()).Add(log.Select(string? (l) => l.Action).ToList());
        args.Add(log.Select(l => l.ItemId).ToList()).Add(log.Select(l => l.DeviceId).ToList())
            .Add(log.Select(string? (l) => l.Body).ToList());

        List<string?> Texts(Func<WorkItem, string?> column) => [.. items.Select(column)];
    }

    private static void Bind(Args args, List<object> values)
    {
        foreach (object value in values)
        {
            _ = value switch
            {
                Guid id => args.Add(id),
                string text => args.Add(text),
                long number => args.Add(number),
                _ => throw new InvalidOperationException($"A list cannot ask for a {value.GetType().Name}."),
            };
        }
    }

    private static WorkItem ReadItem(NpgsqlDataReader row, string kind) => new(
        kind, row.Guid(0), row.Text(1), row.Text(2), row.TextOrNull(3), row.TextOrNull(4), row.GuidOrNull(5), row.TextOrNull(6),
        row.TextOrNull(7), row.GuidOrNull(8), row.Time(9), row.Text(10));

    private static LogEntry ReadLine(NpgsqlDataReader row) =>
        new(row.Guid(0), row.Time(1), row.Text(2), row.Text(3), row.GuidOrNull(4), row.GuidOrNull(5), row.Text(6));
}
