using EsoCore.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Projects and keys.</summary>
internal sealed class ProjectStore(Writer writer, ReaderPool readers, TimeProvider time, Action retentionChanged) : IProjectStore
{
    private static readonly SqlFile Sql = SqlFile.Of<ProjectStore>();

    /// <inheritdoc/>
    public Task CreateProject(Project project, NewKey key, CancellationToken cancel) =>
        writer.Write(
            db =>
            {
                db.Use(Sql["insert_project"]).Add(project.Id).Add(project.Name).Add(project.CreatedAt).Add((long?)project.RetentionDays)
                    .Add(Floor(project.RetentionDays)).Add(time.GetUtcNow()).Run();
                InsertKey(db, key);
                return true;
            },
            cancel);

    /// <inheritdoc/>
    public Task<Versioned<Project>?> FindProject(Guid projectId, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                using var row = db.Use(Sql["find_project"]).Add(projectId);
                return row.Step() ? ReadProject(row) : null;
            },
            cancel);

    /// <inheritdoc/>
    public async Task<Versioned<Project>?> SetRetention(Guid projectId, int? days, long expectedVersion, CancellationToken cancel)
    {
        var changed = await writer.Write(
            db =>
            {
                using var row = db.Use(Sql["set_retention"]).Add((long?)days).Add(Floor(days)).Add(projectId).Add(expectedVersion)
                    .Add(time.GetUtcNow());
                return row.Step() ? ReadProject(row) : null;
            },
            cancel).ConfigureAwait(false);
        retentionChanged();
        return changed;
    }

    /// <inheritdoc/>
    public Task<StoredRetention?> FindRetention(Guid projectId, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                using var row = db.Use(Sql["find_retention"]).Add(projectId);
                return row.Step() ? new StoredRetention((int?)row.LongOrNull(0), row.LongOrNull(1) ?? long.MinValue) : null;
            },
            cancel);

    /// <inheritdoc/>
    public Task<long> CountDevices(Guid projectId, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                using var row = db.Use(Sql["count_devices"]).Add(projectId);
                return row.Step() ? row.Long(0) : 0;
            },
            cancel);

    /// <inheritdoc/>
    public Task<StoredCredential?> FindDeviceKeys(Guid deviceId, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                using var row = db.Use(Sql["find_device"]).Add(deviceId);
                if (!row.Step())
                    return null;
                var keys = ImmutableArray.CreateBuilder<StoredKey>();
                using var key = db.Use(Sql["find_device_keys"]).Add(deviceId);
                while (key.Step())
                    keys.Add(ReadKey(key));
                return new StoredCredential(
                    row.Guid(0), row.Guid(1), (DeviceStatus)row.Int(2), row.Int(3) != 0, keys.DrainToImmutable());
            },
            cancel);

    /// <inheritdoc/>
    public Task<StoredKey?> FindKey(Guid keyId, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                using var row = db.Use(Sql["find_key"]).Add(keyId);
                return row.Step() ? ReadKey(row) : null;
            },
            cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<Guid>> ListProjects(Guid after, int limit, CancellationToken cancel) =>
        List("list_projects", after, limit, row => row.Guid(0), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<StoredKey>> ListDeviceKeys(Guid after, int limit, CancellationToken cancel) =>
        List("list_device_keys", after, limit, ReadKey, cancel);

    /// <inheritdoc/>
    public Task<bool> Reseal(Guid keyId, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, CancellationToken cancel) =>
        writer.Write(
            db =>
            {
                db.Use(Sql["reseal"]).Add(after.Span).Add(keyId).Add(before.Span).Run();
                return db.Changes == 1;
            },
            cancel);

    private Task<ImmutableArray<T>> List<T>(string name, Guid after, int limit, Func<Statement, T> read, CancellationToken cancel) =>
        readers.Read(
            db =>
            {
                var items = ImmutableArray.CreateBuilder<T>();
                using var row = db.Use(Sql[name]).Add(after).Add(limit);
                while (row.Step())
                    items.Add(read(row));
                return items.DrainToImmutable();
            },
            cancel);

    /// <summary>Stores a key, as part of a write.</summary>
    public static void InsertKey(Db db, NewKey key) =>
        db.Use(Sql["insert_key"]).Add(key.KeyId).Add(key.ProjectId).Add(key.DeviceId).Add(key.SecretHash.Span).Add(key.SealedSigningKey.Span)
            .Add(key.CreatedAt).Run();

    private long? Floor(int? days) => days is { } d ? Micros.From(time.GetUtcNow()) - (d * Micros.Day) : null;

    private static Versioned<Project> ReadProject(Statement row) =>
        new(row.Guid(1).ToString(), row.Long(0), new Project(row.Guid(1), row.Text(2), row.Time(3), (int?)row.LongOrNull(4)));

    private static StoredKey ReadKey(Statement row) =>
        new(row.Guid(0), row.Guid(1), row.GuidOrNull(2), row.Bytes(3), row.Bytes(4), row.TimeOrNull(5));
}
