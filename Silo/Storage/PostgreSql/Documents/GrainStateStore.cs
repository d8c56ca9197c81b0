using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// Rows of grain state. ETags are random, so that a row that was cleared and written anew never has one that somebody still holds.
/// </summary>
internal sealed class GrainStateStore(Sessions sessions) : IGrainStateStore
{
    private const string Select = "select json, etag from grain_state where grain_type = $1 and grain_key = $2 and state_name = $3";

    private const string Insert =
        "insert into grain_state(grain_type, grain_key, state_name, json, etag) values ($1, $2, $3, $4, $5) on conflict do nothing";

    private const string Update =
        "update grain_state set json = $4, etag = $5 where grain_type = $1 and grain_key = $2 and state_name = $3 and etag = $6";

    private const string Delete = "delete from grain_state where grain_type = $1 and grain_key = $2 and state_name = $3 and etag = $4";

    /// <inheritdoc/>
    public Task<GrainStateRow?> Read(string grainType, string grainKey, string stateName, CancellationToken cancel) => sessions.ReadOne(
        Select, a => a.Add(grainType).Add(grainKey).Add(stateName), row => new GrainStateRow(row.Text(0), row.Text(1)), cancel);

    /// <inheritdoc/>
    public async Task<string?> Write(
        string grainType, string grainKey, string stateName, string json, string? expectedEtag, CancellationToken cancel)
    {
        string etag = Guid.NewGuid().ToString("N");
        int changed = await sessions.Execute(
            expectedEtag is null ? Insert : Update,
            a =>
            {
                a.Add(grainType).Add(grainKey).Add(stateName).Add(json).Add(etag);
                if (expectedEtag is not null)
                    a.Add(expectedEtag);
            },
            cancel).ConfigureAwait(false);
        return changed == 1 ? etag : null;
    }

    /// <inheritdoc/>
    public async Task<bool> Clear(string grainType, string grainKey, string stateName, string? expectedEtag, CancellationToken cancel)
    {
        if (expectedEtag is null)
            return await Read(grainType, grainKey, stateName, cancel).ConfigureAwait(false) is null;
        return await sessions.Execute(Delete, a => a.Add(grainType).Add(grainKey).Add(stateName).Add(expectedEtag), cancel)
            .ConfigureAwait(false) == 1;
    }
}
