using EsoCore.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Projects and keys.</summary>
internal sealed class ProjectStore(Sessions sessions, TimeProvider time, Action retentionChanged) : IProjectStore
{
    private static readonly SqlFile Sql = SqlFile.Of<ProjectStore>();

    /// <inheritdoc/>
    public Task CreateProject(Project project, NewKey key, CancellationToken cancel) => sessions.Execute(
        Sql["create_project"],
        a => a.Add(project.Id).Add(project.Name).Add(project.CreatedAt).Add(project.RetentionDays).Add(Floor(project.RetentionDays))
            .Add(time.GetUtcNow())
            .Add(key.KeyId).Add(key.ProjectId).Add(key.DeviceId).Add(key.SecretHash).Add(key.SealedSigningKey).Add(key.CreatedAt),
        cancel);

    /// <inheritdoc/>
    public Task<Versioned<Project>?> FindProject(Guid projectId, CancellationToken cancel) =>
        sessions.ReadOne(Sql["find_project"], a => a.Add(projectId), ReadProject, cancel);

    /// <inheritdoc/>
    public async Task<Versioned<Project>?> SetRetention(Guid projectId, int? days, long expectedVersion, CancellationToken cancel)
    {
        var changed = await sessions.Write(
            Sql["set_retention"],
            a => a.Add(days).Add(Floor(days)).Add(projectId).Add(expectedVersion).Add(time.GetUtcNow()),
            ReadProject,
            cancel).ConfigureAwait(false);
        retentionChanged();
        return changed;
    }

    /// <inheritdoc/>
    public Task<StoredRetention?> FindRetention(Guid projectId, CancellationToken cancel) => sessions.ReadOne(
        Sql["find_retention"], a => a.Add(projectId), row => new StoredRetention(row.IntOrNull(0), row.LongOrNull(1) ?? long.MinValue), cancel);

    /// <inheritdoc/>
    public Task<long> CountDevices(Guid projectId, CancellationToken cancel) =>
        sessions.ReadOne(Sql["count_devices"], a => a.Add(projectId), row => row.Long(0), cancel);

    /// <inheritdoc/>
    public Task<StoredCredential?> FindDeviceKeys(Guid deviceId, CancellationToken cancel) => sessions.Read(
        Sql["find_device_keys"],
        a => a.Add(deviceId),
        async (row, stop) =>
        {
            StoredCredential? found = null;
            var keys = ImmutableArray.CreateBuilder<StoredKey>();
            while (await row.ReadAsync(stop).ConfigureAwait(false))
            {
                found ??= new(row.Guid(0), row.Guid(1), (DeviceStatus)row.Int(2), row.GetBoolean(3), []);
                if (!row.IsDBNull(4))
                    keys.Add(ReadKey(row, 4));
            }

            return found is null ? null : found with { Keys = keys.DrainToImmutable() };
        },
        cancel);

    /// <inheritdoc/>
    public Task<StoredKey?> FindKey(Guid keyId, CancellationToken cancel) =>
        sessions.ReadOne(Sql["find_key"], a => a.Add(keyId), row => ReadKey(row, 0), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<Guid>> ListProjects(Guid after, int limit, CancellationToken cancel) =>
        sessions.ReadAll(Sql["list_projects"], a => a.Add(after).Add(limit), row => row.Guid(0), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<StoredKey>> ListDeviceKeys(Guid after, int limit, CancellationToken cancel) =>
        sessions.ReadAll(Sql["list_device_keys"], a => a.Add(after).Add(limit), row => ReadKey(row, 0), cancel);

    /// <inheritdoc/>
    public async Task<bool> Reseal(Guid keyId, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> after, CancellationToken cancel) =>
        await sessions.Execute(Sql["reseal"], a => a.Add(after).Add(keyId).Add(before), cancel).ConfigureAwait(false) == 1;

    private long? Floor(int? days) => days is { } d ? Micros.From(time.GetUtcNow()) - (d * Micros.Day) : null;

    private static Versioned<Project> ReadProject(NpgsqlDataReader row) =>
        new(row.Guid(1).ToString(), row.Long(0), new Project(row.Guid(1), row.Text(2), row.Time(3), row.IntOrNull(4)));

    private static StoredKey ReadKey(NpgsqlDataReader row, int at) => new(
        row.Guid(at), row.Guid(at + 1), row.GuidOrNull(at + 2), row.Bytes(at + 3), row.Bytes(at + 4), row.TimeOrNull(at + 5));
}
