using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Rows of grain state. ETags are random, so that a row that was cleared and written anew never has one that somebody still holds.
/// </summary>
internal sealed class GrainStateStore(Writer writer, ReaderPool readers) : IGrainStateStore
{
    private const string Select = "select json, etag from grain_state where grain_type = ? and grain_key = ? and state_name = ?";

    private const string Insert =
        "insert into grain_state(grain_type, grain_key, state_name, json, etag) values (?, ?, ?, ?, ?) on conflict do nothing";

    private const string Update =
        "update grain_state set json = ?, etag = ? where grain_type = ? and grain_key = ? and state_name = ? and etag = ?";

    private const string Delete = "delete from grain_state where grain_type = ? and grain_key = ? and state_name = ? and etag = ?";

    /// <inheritdoc/>
    public Task<GrainStateRow?> Read(string grainType, string grainKey, string stateName, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                using var row = db.Use(Select).Add(grainType).Add(grainKey).Add(stateName);
                return row.Step() ? new GrainStateRow(row.Text(0), row.Text(1)) : null;
            },
            cancel);

    /// <inheritdoc/>
    public Task<string?> Write(
        string grainType, string grainKey, string stateName, string json, string? expectedEtag, CancellationToken cancel)
    {
        string etag = Guid.NewGuid().ToString("N");
        return writer.Write(
            db =>
            {
                if (expectedEtag is null)
                    db.Use(Insert).Add(grainType).Add(grainKey).Add(stateName).Add(json).Add(etag).Run();
                else
                    db.Use(Update).Add(json).Add(etag).Add(grainType).Add(grainKey).Add(stateName).Add(expectedEtag).Run();
                return db.Changes == 1 ? etag : null;
            },
            cancel,
            bytes: 256 + json.Length);
    }

    /// <inheritdoc/>
    public Task<bool> Clear(string grainType, string grainKey, string stateName, string? expectedEtag, CancellationToken cancel) =>
        writer.Write(
            db =>
            {
                if (expectedEtag is null)
                {
                    using var row = db.Use(Select).Add(grainType).Add(grainKey).Add(stateName);
                    return !row.Step();
                }

                db.Use(Delete).Add(grainType).Add(grainKey).Add(stateName).Add(expectedEtag).Run();
                return db.Changes == 1;
            },
            cancel);
}
