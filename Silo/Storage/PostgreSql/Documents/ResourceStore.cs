using System.Text;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Documents by (project, kind, id) with a version. Each write is a compare-and-set in one statement.</summary>
internal sealed class ResourceStore(Sessions sessions) : IResourceStore
{
    private const string Select = "select id, version, body from resource where project_id = $1 and kind = $2 and id = $3";

    private const string Insert =
        "insert into resource(project_id, kind, id, version, body) values ($1, $2, $3, 1, $4) on conflict do nothing";

    private const string Update =
        "update resource set version = version + 1, body = $4 where project_id = $1 and kind = $2 and id = $3 and version = $5";

    private const string CountOf = "select count(*) from resource where project_id = $1 and kind = $2 and body <> ''";

    private const string PageOf =
        "select id, version, body from resource where project_id = $1 and kind = $2 and id > $3 and body <> '' order by id limit $4";

    /// <inheritdoc/>
    public Task<StoredResource?> Find(Guid projectId, string kind, string id, CancellationToken cancel) =>
        sessions.ReadOne(Select, a => a.Add(projectId).Add(kind).Add(id), Read, cancel);

    /// <inheritdoc/>
    public async Task<bool> Write(Guid projectId, string kind, string id, string? body, long expectedVersion, CancellationToken cancel) =>
        await sessions.Execute(
            expectedVersion == 0 ? Insert : Update,
            a =>
            {
                a.Add(projectId).Add(kind).Add(id).Add(body ?? string.Empty);
                if (expectedVersion != 0)
                    a.Add(expectedVersion);
            },
            cancel).ConfigureAwait(false) == 1;

    /// <inheritdoc/>
    public Task<long> Count(Guid projectId, string kind, CancellationToken cancel) =>
        sessions.ReadOne(CountOf, a => a.Add(projectId).Add(kind), row => row.Long(0), cancel);

    /// <inheritdoc/>
    public async Task<Page<StoredResource>> List(Guid projectId, string kind, PageRequest page, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        string after = page.After is { } token ? Encoding.UTF8.GetString(PageToken.Read(token)) : string.Empty;

        // Nothing stored holds U+0000, and PostgreSQL would not take it: such a token is not one of ours.
        if (after.Contains('\0'))
            throw new FormatException("The page token is not one of this server's.");
        return await sessions.Read(
            PageOf,
            a => a.Add(projectId).Add(kind).Add(after).Add(limit + 1),
            (row, stop) => Pages.Collect(row, limit, Read, r => Encoding.UTF8.GetBytes(r.Text(0)), stop),
            cancel).ConfigureAwait(false);
    }

    private static StoredResource Read(Npgsql.NpgsqlDataReader row) => new(row.Text(0), row.Long(1), row.Text(2));
}
