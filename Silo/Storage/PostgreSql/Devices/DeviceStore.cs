using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Devices, their twins and all that their commits bring.</summary>
internal sealed class DeviceStore(CommitWriter writer, Sessions sessions, TimeProvider time) : IDeviceStore
{
    /// <summary>Series of a device.</summary>
    private const int MaxSeries = 4_096;

    private static readonly SqlFile Sql = SqlFile.Of<DeviceStore>();

    /// <inheritdoc/>
    public Task<StoredDevice?> Load(Guid deviceId, CancellationToken cancel) =>
        sessions.ReadOne(Sql["load_device"], a => a.Add(deviceId).Add(MaxSeries), ReadDevice, cancel);

    /// <inheritdoc/>
    public async Task<bool> Create(DeviceRegistration device, NewKey key, CancellationToken cancel)
    {
        var (hasProject, made) = await sessions.Write(
            Sql["create"],
            a => a.Add(device.DeviceId).Add(device.ProjectId).Add(device.Serial).Add(device.Model).Add(device.SiteId)
                .Add(StorageJson.Write(device.Tags)).Add((int)device.Status).Add(device.Channel).Add(device.SignatureRequired)
                .Add(StorageJson.Write(device.Overrides)).Add(device.CreatedAt)
                .Add(key.KeyId).Add(key.ProjectId).Add(key.DeviceId).Add(key.SecretHash).Add(key.SealedSigningKey).Add(key.CreatedAt),
            row => (row.GetBoolean(0), row.GetBoolean(1)),
            cancel).ConfigureAwait(false);
        return hasProject ? made : throw new InvalidOperationException($"There is no project {device.ProjectId} to register a device in.");
    }

    /// <inheritdoc/>
    public Task<CommitResult> Commit(DeviceCommit commit, CancellationToken cancel)
    {
        // Packing is the costly part; it is done here, on the caller's thread, so that devices share the processors.
        var blocks = new PackedBlock[commit.Points.Length];
        int packed = 0;
        try
        {
            foreach (var block in commit.Points)
                blocks[packed++] = BlockCodec.Pack(block);
            byte[] bodyHash = commit.Batch is { } batch ? Convert.FromHexString(batch.BodyHash) : [];
            string[] transitions = commit.Outbox.IsEmpty ? [] : [.. commit.Outbox.Select(o => StorageJson.Write(o.Transition))];
            return writer.Write(new CommitWork(commit, blocks, bodyHash, transitions, time.GetTimestamp()), cancel);
        }
        catch
        {
            foreach (var block in blocks.Where(b => b.Bytes is not null))
                block.Return();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<StoredSeries>> FindSeries(long deviceNo, IReadOnlyCollection<SeriesKey> keys, CancellationToken cancel)
    {
        var found = await sessions.ReadAll(
            Sql["find_series"], a => a.Add(deviceNo).Add(keys.Select(SeriesHash.Of).Distinct().ToList()), ReadSeries, cancel).ConfigureAwait(false);
        var wanted = keys.ToHashSet();
        return [.. found.Where(s => wanted.Contains(s.Key))];
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<SeriesPoints> ReadOverlap(long deviceNo, long fromUs, long toUs, CancellationToken cancel) =>
        new OverlapReader(sessions, Sql["overlap"], deviceNo, fromUs, toUs).Read(cancel);

    /// <inheritdoc/>
    public async Task<ImmutableHashSet<BodyKey>> FindBodies(
        long deviceNo, BodyKind kind, IReadOnlyCollection<BodyKey> keys, CancellationToken cancel)
    {
        var found = await sessions.ReadAll(
            Sql[kind == BodyKind.Event ? "find_events" : "find_windows"],
            a => a.Add(deviceNo).Add(keys.Select(k => k.TsUs).ToList()).Add(keys.Select(k => BodyHashes.ToUuid(k.Hash)).ToList()),
            row => new BodyKey(row.Long(0), row.Hash(1)),
            cancel).ConfigureAwait(false);
        return [.. found];
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<DevicePresence>> ReadSitePresence(
        Guid projectId, string siteId, Guid after, int limit, CancellationToken cancel) =>
        sessions.ReadAll(Sql["site_presence"], a => a.Add(projectId).Add(siteId).Add(after).Add(limit), ReadPresence, cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<DevicePresence>> ReadOnline(int shard, Guid after, int limit, CancellationToken cancel) =>
        sessions.ReadAll(Sql["online"], a => a.Add(shard).Add(after).Add(limit), ReadPresence, cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<DevicePresence>> FindPresence(IReadOnlyCollection<Guid> deviceIds, CancellationToken cancel) =>
        sessions.ReadAll(Sql["find_presence"], a => a.Add(deviceIds.ToList()), ReadPresence, cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<NewEvent>> ReadEvents(
        long deviceNo, ImmutableArray<string> types, long fromUs, long toUs, int limit, bool newestFirst, CancellationToken cancel)
    {
        string order = newestFirst ? "newest_events" : "oldest_events";
        return types.IsDefaultOrEmpty
            ? sessions.ReadAll(Sql[order], a => a.Add(deviceNo).Add(fromUs).Add(toUs).Add(limit), ReadEvent, cancel)
            : sessions.ReadAll(
                Sql[order + "_of_types"],
                a => a.Add(deviceNo).Add(fromUs).Add(toUs).Add(limit).Add(types.Distinct().Cast<string?>().ToList()), ReadEvent, cancel);
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<DeviceFirmware>> ReadFirmware(Guid projectId, Guid after, int limit, CancellationToken cancel) =>
        sessions.ReadAll(
            Sql["firmware_of_devices"], a => a.Add(projectId).Add(after).Add(limit),
            row => new DeviceFirmware(row.Guid(0), row.Text(1), row.TextOrNull(2)), cancel);

    /// <inheritdoc/>
    public async Task<Page<Versioned<DeviceRegistration>>> List(Guid projectId, DeviceFilter filter, PageRequest page, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        var after = PageToken.ReadId(page.After);
        return await sessions.Read(
            Sql["list_devices"],
            a => a.Add(projectId).Add(after).Add(filter.SiteId).Add(filter.Model).Add((int?)filter.Status).Add(limit + 1),
            (row, stop) => Pages.Collect(row, limit, ReadVersioned, r => r.Guid(6).ToByteArray(bigEndian: true), stop),
            cancel).ConfigureAwait(false);

        static Versioned<DeviceRegistration> ReadVersioned(NpgsqlDataReader row)
        {
            var device = ReadRegistration(row);
            return new(device.DeviceId.ToString(), row.Long(1), device);
        }
    }

    private static StoredDevice ReadDevice(NpgsqlDataReader row) => new(
        row.Long(0), ReadRegistration(row), row.Long(1), row.Long(2), row.Long(3), row.Bytes(4), ReadArrays(row),
        row.LongOrNull(5) ?? long.MinValue, PresenceBeside(row));

    private static DevicePresence? PresenceBeside(NpgsqlDataReader row) => row.IsDBNull(26) ? null
        : new(row.Guid(6), row.Guid(7), row.TextOrNull(25), row.GetBoolean(26), row.Time(27), row.Long(28));

    private static DevicePresence ReadPresence(NpgsqlDataReader row) =>
        new(row.Guid(0), row.Guid(1), row.TextOrNull(2), row.GetBoolean(3), row.Time(4), row.Long(5));

    private static ImmutableArray<StoredSeries> ReadArrays(NpgsqlDataReader row)
    {
        if (row.IsDBNull(17))
            return [];
        int[] nos = row.GetFieldValue<int[]>(17);
        string[] metrics = row.GetFieldValue<string[]>(18);
        string[] units = row.GetFieldValue<string[]>(19);
        string[] assets = row.GetFieldValue<string[]>(20);
        string[] metas = row.GetFieldValue<string[]>(21);
        long?[] marks = row.GetFieldValue<long?[]>(22);
        double?[] lasts = row.GetFieldValue<double?[]>(23);
        long?[] points = row.GetFieldValue<long?[]>(24);
        var series = ImmutableArray.CreateBuilder<StoredSeries>(nos.Length);
        for (int i = 0; i < nos.Length; i++)
        {
            SeriesStand? last = marks[i] is { } mark ? new SeriesStand(mark, lasts[i] ?? 0, points[i] ?? 0) : null;
            series.Add(new(nos[i], new(metrics[i], units[i], assets[i], metas[i]), last));
        }

        return series.DrainToImmutable();
    }

    private static StoredSeries ReadSeries(NpgsqlDataReader row)
    {
        SeriesStand? last = row.LongOrNull(5) is { } mark ? new SeriesStand(mark, row.Double(6), row.Long(7)) : null;
        return new(row.Int(0), new(row.Text(1), row.Text(2), row.Text(3), row.Text(4)), last);
    }

    private static NewEvent ReadEvent(NpgsqlDataReader row) => new(
        row.Guid(2), new(row.Long(0), row.Hash(1)), row.Text(3), row.TextOrNull(4), row.Text(5), row.TextOrNull(6), row.DoubleOrNull(7),
        row.TextOrNull(8), row.Text(9));

    private static DeviceRegistration ReadRegistration(NpgsqlDataReader row) => new(
        row.Guid(6), row.Guid(7), row.Text(8), row.Text(9), row.TextOrNull(10),
        StorageJson.Read<ImmutableSortedDictionary<string, string>>(row.Text(11)), (DeviceStatus)row.Int(12), row.Text(13), row.GetBoolean(14),
        StorageJson.Read<ConfigSettings>(row.Text(15)), row.Time(16));
}
