using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Devices, their twins and all that their commits bring.</summary>
internal sealed class DeviceStore(Writer writer, ReaderPool readers, DeviceCommits commits) : IDeviceStore
{
    /// <summary>Series of a device.</summary>
    private const int MaxSeries = 4_096;

    private static readonly SqlFile Sql = SqlFile.Of<DeviceStore>();

    /// <inheritdoc/>
    public Task<StoredDevice?> Load(Guid deviceId, CancellationToken cancel) => readers.Read(db => Load(db, deviceId), cancel);

    /// <inheritdoc/>
    public Task<bool> Create(DeviceRegistration device, NewKey key, CancellationToken cancel) =>
        writer.Write(db => Create(db, device, key), cancel);

    /// <inheritdoc/>
    public Task<CommitResult> Commit(DeviceCommit commit, CancellationToken cancel)
    {
        // Packing is the costly part; it is done here, on the caller's thread, so that devices share the processors.
        var blocks = new List<PackedBlock>(commit.Points.Length);
        try
        {
            foreach (var block in commit.Points)
                blocks.Add(BlockCodec.Pack(block));
            var transitions = commit.Outbox.Select(o => DeviceCommits.Pack(o.Transition)).ToList();
            long bytes = blocks.Sum(b => (long)b.TotalBytes) + (commit with { Points = [] }).EstimatedBytes;
            return writer.Write(db => commits.Execute(db, commit, blocks, transitions), cancel, commit.DeviceId, bytes, Return);
        }
        catch
        {
            Return();
            throw;
        }

        void Return()
        {
            foreach (var block in blocks)
                block.Return();
            blocks.Clear();
        }
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<StoredSeries>> FindSeries(long deviceNo, IReadOnlyCollection<SeriesKey> keys, CancellationToken cancel) =>
        readers.Read(db => FindSeries(db, deviceNo, keys), cancel);

    /// <inheritdoc/>
    public IAsyncEnumerable<SeriesPoints> ReadOverlap(long deviceNo, long fromUs, long toUs, CancellationToken cancel) =>
        readers.Stream(db => PointReads.Overlap(db, Sql, deviceNo, fromUs, toUs), cancel);

    /// <inheritdoc/>
    public Task<ImmutableHashSet<BodyKey>> FindBodies(long deviceNo, BodyKind kind, IReadOnlyCollection<BodyKey> keys, CancellationToken cancel) =>
        readers.Read(db => FindBodies(db, deviceNo, kind, keys), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<DevicePresence>> ReadSitePresence(
        Guid projectId, string siteId, Guid after, int limit, CancellationToken cancel) =>
        readers.Read(db => Collect(db.Use(Sql["site_presence"]).Add(projectId).Add(siteId).Add(after).Add(limit)), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<DevicePresence>> ReadOnline(int shard, Guid after, int limit, CancellationToken cancel) =>
        readers.Read(db => Collect(db.Use(Sql["online"]).Add(shard).Add(after).Add(limit)), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<DevicePresence>> FindPresence(IReadOnlyCollection<Guid> deviceIds, CancellationToken cancel) => readers.Read(
        db => deviceIds.SelectMany(id => Collect(db.Use(Sql["find_presence"]).Add(id))).ToImmutableArray(), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<NewEvent>> ReadEvents(
        long deviceNo, ImmutableArray<string> types, long fromUs, long toUs, int limit, bool newestFirst, CancellationToken cancel) =>
        readers.Read(db => EventReads.Read(db, Sql, deviceNo, types, fromUs, toUs, limit, newestFirst), cancel);

    /// <inheritdoc/>
    public Task<ImmutableArray<DeviceFirmware>> ReadFirmware(Guid projectId, Guid after, int limit, CancellationToken cancel) =>
        readers.Read(db => ReadFirmware(db, projectId, after, limit), cancel);

    /// <inheritdoc/>
    public Task<Page<Versioned<DeviceRegistration>>> List(Guid projectId, DeviceFilter filter, PageRequest page, CancellationToken cancel) =>
        readers.Read(db => List(db, projectId, filter, page), cancel);

    private static StoredDevice? Load(Db db, Guid deviceId)
    {
        using var row = db.Use(Sql["load_device"]).Add(deviceId);
        if (!row.Step())
            return null;
        long deviceNo = row.Long(0);
        var series = ImmutableArray.CreateBuilder<StoredSeries>();
        using (var s = db.Use(Sql["load_series"]).Add(deviceNo).Add(MaxSeries))
        {
            while (s.Step())
                series.Add(ReadSeries(s));
        }

        return new StoredDevice(
            deviceNo, ReadRegistration(row), row.Long(1), row.Long(2), row.Long(3), row.Bytes(4), series.DrainToImmutable(),
            row.LongOrNull(5) ?? long.MinValue, PresenceBeside(row));
    }

    private static DevicePresence? PresenceBeside(Statement row) => row.IsNull(18) ? null
        : new(row.Guid(6), row.Guid(7), row.TextOrNull(17), row.Int(18) != 0, row.Time(19), row.Long(20));

    private static ImmutableArray<DevicePresence> Collect(Statement bound)
    {
        using var row = bound;
        var found = ImmutableArray.CreateBuilder<DevicePresence>();
        while (row.Step())
            found.Add(new(row.Guid(0), row.Guid(1), row.TextOrNull(2), row.Int(3) != 0, row.Time(4), row.Long(5)));
        return found.DrainToImmutable();
    }

    private static ImmutableArray<DeviceFirmware> ReadFirmware(Db db, Guid projectId, Guid after, int limit)
    {
        using var row = db.Use(Sql["firmware_of_devices"]).Add(projectId).Add(after).Add(limit);
        var found = ImmutableArray.CreateBuilder<DeviceFirmware>();
        while (row.Step())
            found.Add(new DeviceFirmware(row.Guid(0), row.Text(1), row.TextOrNull(2)));
        return found.DrainToImmutable();
    }

    private static bool Create(Db db, DeviceRegistration device, NewKey key)
    {
        using (var taken = db.Use(Sql["serial_taken"]).Add(device.ProjectId).Add(device.Serial))
        {
            if (taken.Step())
                return false;
        }

        db.Use(Sql["count_device"]).Add(device.ProjectId).Run();
        if (db.Changes != 1)
            throw new InvalidOperationException($"There is no project {device.ProjectId} to register a device in.");
        db.Use(Sql["mint_number"]).Add(device.DeviceId).Run();
        long deviceNo = db.LastRowId;
        db.Use(Sql["insert_device"]).Add(device.DeviceId).Add(deviceNo).Add(device.ProjectId).Add(device.Serial).Add(device.Model)
            .Add(device.SiteId).Add(StorageJson.Write(device.Tags)).Add((int)device.Status).Add(device.Channel)
            .Add(device.SignatureRequired).Add(StorageJson.Write(device.Overrides)).Add(device.CreatedAt).Run();
        db.Use(Sql["insert_twin"]).Add(deviceNo).Run();
        ProjectStore.InsertKey(db, key);
        return true;
    }

    private static ImmutableArray<StoredSeries> FindSeries(Db db, long deviceNo, IReadOnlyCollection<SeriesKey> keys)
    {
        var found = ImmutableArray.CreateBuilder<StoredSeries>();
        foreach (var key in keys)
        {
            using var row = db.Use(Sql["find_series"]).Add(deviceNo).Add(SeriesHash.Of(key));
            while (row.Step())
            {
                if (ReadSeries(row) is var series && series.Key == key)
                    found.Add(series);
            }
        }

        return found.DrainToImmutable();
    }

    private static ImmutableHashSet<BodyKey> FindBodies(Db db, long deviceNo, BodyKind kind, IReadOnlyCollection<BodyKey> keys)
    {
        string sql = Sql[kind == BodyKind.Event ? "find_event" : "find_window"];
        var found = ImmutableHashSet.CreateBuilder<BodyKey>();
        foreach (var key in keys)
        {
            using var row = db.Use(sql).Add(deviceNo).Add(key.TsUs).AddHash(key.Hash);
            if (row.Step())
                found.Add(key);
        }

        return found.ToImmutable();
    }

    private static Page<Versioned<DeviceRegistration>> List(Db db, Guid projectId, DeviceFilter filter, PageRequest page)
    {
        int limit = PageToken.Limit(page);
        var after = PageToken.ReadId(page.After);
        using var row = db.Use(Sql["list_devices"]).Add(projectId).Add(after).Add(filter.SiteId).Add(filter.Model)
            .Add((long?)filter.Status).Add(limit + 1);
        return StatementPage.Collect(row, limit, ReadVersioned, r => r.Blob(6).ToArray());

        static Versioned<DeviceRegistration> ReadVersioned(Statement row)
        {
            var device = ReadRegistration(row);
            return new(device.DeviceId.ToString(), row.Long(1), device);
        }
    }

    private static StoredSeries ReadSeries(Statement row)
    {
        SeriesStand? last = row.LongOrNull(5) is { } mark ? new SeriesStand(mark, row.Double(6), row.Long(7)) : null;
        return new(row.Int(0), new(row.Text(1), row.Text(2), row.Text(3), row.Text(4)), last);
    }

    private static DeviceRegistration ReadRegistration(Statement row) => new(
        row.Guid(6), row.Guid(7), row.Text(8), row.Text(9), row.TextOrNull(10),
        StorageJson.Read<ImmutableSortedDictionary<string, string>>(row.Text(11)), (DeviceStatus)row.Int(12), row.Text(13), row.Int(14) != 0,
        StorageJson.Read<ConfigSettings>(row.Text(15)), row.Time(16));
}
