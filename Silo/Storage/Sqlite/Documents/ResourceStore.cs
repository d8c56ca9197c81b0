using System.Text;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Documents by (project, kind, id) with a version. Each write is a compare-and-set, in one transaction with its line of the trail.
/// </summary>
internal sealed class ResourceStore(Writer writer, ReaderPool readers) : IResourceStore
{
    private const string Select = "select id, version, body from resource where project_id = ? and kind = ? and id = ?";

    private const string Insert =
        "insert into resource(project_id, kind, id, version, body) values (?, ?, ?, 1, ?) on conflict do nothing";

    private const string Update =
        "update resource set version = version + 1, body = ? where project_id = ? and kind = ? and id = ? and version = ?";

    private const string CountOf = "select count(*) from resource where project_id = ? and kind = ? and body <> ''";

    private const string Page =
        "select id, version, body from resource where project_id = ? and kind = ? and id > ? and body <> '' order by id limit ?";

    /// <inheritdoc/>
    public Task<StoredResource?> Find(Guid projectId, string kind, string id, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                using var row = db.Use(Select).Add(projectId).Add(kind).Add(id);
                return row.Step() ? Read(row) : null;
            },
            cancel);

    /// <inheritdoc/>
    public Task<bool> Write(
        Guid projectId, string kind, string id, string? body, long expectedVersion, LogEntry? line, CancellationToken cancel) =>
        writer.Write(
            db =>
            {
                if (expectedVersion == 0)
                    db.Use(Insert).Add(projectId).Add(kind).Add(id).Add(body ?? string.Empty).Run();
                else
                    db.Use(Update).Add(body ?? string.Empty).Add(projectId).Add(kind).Add(id).Add(expectedVersion).Run();
                if (db.Changes != 1)
                    return false;
                if (line is not null)
                    WorkStore.Put(db, projectId, line);
                return true;
            },
            cancel,
            bytes: 256 + (body?.Length ?? 0) + (line is null ? 0 : 192 + line.Body.Length));

    /// <inheritdoc/>
    public Task<long> Count(Guid projectId, string kind, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                using var row = db.Use(CountOf).Add(projectId).Add(kind);
                return row.Step() ? row.Long(0) : 0;
            },
            cancel);

    /// <inheritdoc/>
    public Task<Page<StoredResource>> List(Guid projectId, string kind, PageRequest page, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                int limit = PageToken.Limit(page);
                string after = page.After is { } token ? Encoding.UTF8.GetString(PageToken.Read(token)) : string.Empty;
                using var row = db.Use(Page).Add(projectId).Add(kind).Add(after).Add(limit + 1);
                return StatementPage.Collect(row, limit, Read, r => Encoding.UTF8.GetBytes(r.Text(0)));
            },
            cancel);

    private static StoredResource Read(Statement row) => new(row.Text(0), row.Long(1), row.Text(2));
}
