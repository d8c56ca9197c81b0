using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>What grains above the device write, each step in one transaction behind a compare-and-set on the grain's own state.</summary>
internal sealed class WorkStore(Writer writer, ReaderPool readers) : IWorkStore
{
    private static readonly SqlFile Sql = SqlFile.Of<WorkStore>();

    /// <inheritdoc/>
    public Task<StoredWork?> Load(Guid projectId, string owner, CancellationToken cancel) => readers.Read(
        db =>
        {
            using var row = db.Use(Sql["load"]).Add(projectId).Add(owner);
            return row.Step() ? new StoredWork(row.Long(0), row.Text(1)) : null;
        },
        cancel);

    /// <inheritdoc/>
    public Task<bool> Commit(WorkCommit commit, CancellationToken cancel) =>
        writer.Write(db => Commit(db, commit), cancel, bytes: commit.EstimatedBytes);

    /// <inheritdoc/>
    public Task<WorkItem?> Find(Guid projectId, string kind, Guid id, CancellationToken cancel) => readers.Read(
        db =>
        {
            using var row = db.Use(Sql["find"]).Add(projectId).Add(kind).Add(id);
            return row.Step() ? ReadItem(row, kind) : null;
        },
        cancel);

    /// <inheritdoc/>
    public Task<Page<WorkItem>> List(Guid projectId, WorkFilter filter, PageRequest page, CancellationToken cancel)
    {
        var asked = WorkQuery.Items('?', projectId, filter, page);
        return readers.Read(
            db =>
            {
                using var row = Bind(db.Use(asked.Text), asked.Values);
                return StatementPage.Collect(
                    row, asked.Limit, r => ReadItem(r, filter.Kind), r => WorkQuery.Key(TokenKey.Work, r.Long(9), r.Guid(0)));
            },
            cancel);
    }

    /// <inheritdoc/>
    public Task<Page<LogEntry>> ReadLog(Guid projectId, LogFilter filter, PageRequest page, CancellationToken cancel)
    {
        var asked = WorkQuery.Log('?', projectId, filter, page);
        return readers.Read(
            db =>
            {
                using var row = Bind(db.Use(asked.Text), asked.Values);
                return StatementPage.Collect(row, asked.Limit, ReadLine, r => WorkQuery.Key(TokenKey.Log, r.Long(1), r.Guid(0)));
            },
            cancel);
    }

    private static bool Commit(Db db, WorkCommit commit)
    {
        db.Use(Sql[commit.ExpectedVersion == 0 ? "insert_state" : "update_state"]).Add(commit.ProjectId).Add(commit.Owner)
            .Add(commit.ExpectedVersion).Add(commit.Body).Add(commit.Rest?.Since).Add(commit.Rest?.Body).Run();
        if (db.Changes != 1)
            return false;
        foreach (var item in commit.Items)
        {
            db.Use(Sql["put_item"]).Add(commit.ProjectId).Add(item.Kind).Add(item.Id).Add(item.Owner).Add(item.Status).Add(item.Severity)
                .Add(item.RuleId).Add(item.DeviceId).Add(item.SiteId).Add(item.AssetId).Add(item.CauseId).Add(item.At).Add(item.Body).Run();
        }

        foreach (var line in commit.Log)
            Put(db, commit.ProjectId, line);
        return true;
    }

    /// <summary>Adds a line to the trail, unless it is known.</summary>
    public static void Put(Db db, Guid projectId, LogEntry line) =>
        db.Use(Sql["put_line"]).Add(projectId).Add(line.Id).Add(line.At).Add(line.Actor).Add(line.Action).Add(line.ItemId)
            .Add(line.DeviceId).Add(line.Body).Run();

    private static Statement Bind(Statement statement, List<object> values)
    {
        foreach (object value in values)
        {
            _ = value switch
            {
                Guid id => statement.Add(id),
                string text => statement.Add(text),
                long number => statement.Add(number),
                _ => throw new InvalidOperationException($"A list cannot ask for a {value.GetType().Name}."),
            };
        }

        return statement;
    }

    private static WorkItem ReadItem(Statement row, string kind) => new(
        kind, row.Guid(0), row.Text(1), row.Text(2), row.TextOrNull(3), row.TextOrNull(4), row.GuidOrNull(5), row.TextOrNull(6),
        row.TextOrNull(7), row.GuidOrNull(8), row.Time(9), row.Text(10));

    private static LogEntry ReadLine(Statement row) =>
        new(row.Guid(0), row.Time(1), row.Text(2), row.Text(3), row.GuidOrNull(4), row.GuidOrNull(5), row.Text(6));
}
