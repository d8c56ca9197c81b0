using System.Text;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Documents by (project, kind, id) with a version. Each write is a compare-and-set, in one statement with its line of the trail.
/// </summary>
internal sealed class ResourceStore(Sessions sessions) : IResourceStore
{
    private const string Select = "select id, version, body from resource where project_id = $1 and kind = $2 and id = $3";

    /// <summary>
    /// Of two that race, the second waits for the first one's row, finds another version and writes nothing, no line of the trail either.
    /// </summary>
    private const string Put = """
        with made as (
            insert into resource(project_id, kind, id, version, body) select $1, $2, $3, 1, $4 where $5::bigint = 0
            on conflict do nothing returning 1
        ), changed as (
            update resource set version = version + 1, body = $4
            where project_id = $1 and kind = $2 and id = $3 and version = $5 and $5 <> 0 returning 1
        ), written as (
            select 1 from made union all select 1 from changed
        ), lines as (
            insert into event_log(project_id, id, at, actor, action, item_id, device_id, body)
            select $1, $6, $7, $8, $9, $10, $11, $12 where $6::uuid is not null and exists (select from written)
            on conflict do nothing
        )
        select count(*) from written
        """;

    private const string CountOf = "select count(*) from resource where project_id = $1 and kind = $2 and body <> ''";

    private const string PageOf =
        "select id, version, body from resource where project_id = $1 and kind = $2 and id > $3 and body <> '' order by id limit $4";

    /// <inheritdoc/>
    public Task<StoredResource?> Find(Guid projectId, string kind, string id, CancellationToken cancel) =>
        sessions.ReadOne(Select, a => a.Add(projectId).Add(kind).Add(id), Read, cancel);

    /// <inheritdoc/>
    public async Task<bool> Write(
        Guid projectId, string kind, string id, string? body, long expectedVersion, LogEntry? line, CancellationToken cancel) =>
        await sessions.Write(
            Put,
            a => a.Add(projectId).Add(kind).Add(id).Add(body ?? string.Empty).Add(expectedVersion)
                .Add(line?.Id).Add(line is null ? (long?)null : Micros.From(line.At)).Add(line?.Actor).Add(line?.Action).Add(line?.ItemId)
                .Add(line?.DeviceId).Add(line?.Body),
            row => row.Long(0),
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
