using EsoCore.Firmware;
using EsoCore.History;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Pages of what a device has beside points and events. A device outside the scope has nothing.</summary>
internal static class RecordPages
{
    /// <summary>Bytes of raw samples that a page of windows holds; it ends with the window that passes them.</summary>
    private const int MaxRawBytes = 16 << 20;

    private static readonly SqlFile Sql = SqlFile.Of(typeof(RecordPages));

    // Comes after every id and hash, which are 16 bytes long.
    private static readonly byte[] LastId = [.. Enumerable.Repeat((byte)0xFF, 17)];

    /// <summary>Windows by (ts, hash).</summary>
    public static Page<WindowRow> Windows(Db db, WindowQuery query, PageRequest page)
    {
        int limit = PageToken.Limit(page);
        var (afterTs, afterHash) = (TimeSpanUs.MinUs, UInt128.Zero);
        if (page.After is { } token)
        {
            var key = TokenKey.Read(TokenKey.Windows, 8 + 16, token);
            (afterTs, afterHash) = (key.Long(), key.Hash());
        }

        if (HistoryScope.Device(db, query.Scope, query.DeviceId) is not { } device)
            return new([], null);
        var span = TimeSpanUs.Of(query.From, query.To).NotBefore(Math.Max(device.FloorUs, afterTs));
        using var row = db.Use(Sql["windows"]).Add(device.No).Add(span.FromUs).Add(span.ToUs).Add(afterTs).AddHash(afterHash)
            .Add(query.Metric).Add(query.AssetId).Add(limit + 1);
        var items = ImmutableArray.CreateBuilder<WindowRow>();
        byte[]? last = null;
        long rawBytes = 0;
        while (row.Step())
        {
            if (last is not null)
                return new(items.DrainToImmutable(), PageToken.Write(last));
            items.Add(ReadWindow(row));
            rawBytes += row.Blob(11).Length;
            if (items.Count == limit || rawBytes > MaxRawBytes)
                last = TokenKey.Write(TokenKey.Windows).Add(row.Long(0)).AddHash(row.UInt128(1)).ToBytes();
        }

        return new(items.DrainToImmutable(), null);
    }

    /// <summary>The ledger, newest first.</summary>
    public static Page<BatchRow> Batches(Db db, Scope scope, Guid deviceId, PageRequest page)
    {
        int limit = PageToken.Limit(page);
        (long Ts, Guid Id)? after = null;
        if (page.After is { } token)
        {
            var key = TokenKey.Read(TokenKey.Batches, 8 + 16, token);
            after = (key.Long(), key.Guid());
        }

        if (HistoryScope.Device(db, scope, deviceId) is not { } device)
            return new([], null);
        using var row = db.Use(Sql["batches"]).Add(device.No).Add(after?.Ts ?? TimeSpanUs.MaxUs);
        _ = after is { } a ? row.Add(a.Id) : row.Add(LastId);
        row.Add(limit + 1);
        return StatementPage.Collect(
            row, limit,
            r => new BatchRow(r.Guid(1), Convert.ToHexStringLower(r.Blob(2)), r.Int(3), r.Int(4), r.Int(5), r.Time(0)),
            r => TokenKey.Write(TokenKey.Batches).Add(r.Long(0)).Add(r.Guid(1)).ToBytes());
    }

    /// <summary>Rejected records, newest first, none older than they are kept.</summary>
    public static Page<RejectedRow> Rejected(Db db, Scope scope, Guid deviceId, PageRequest page, DateTimeOffset now)
    {
        int limit = PageToken.Limit(page);
        long before = page.After is { } token ? TokenKey.Read(TokenKey.Rejected, 8, token).Long() : long.MaxValue;
        if (HistoryScope.Device(db, scope, deviceId) is not { } device)
            return new([], null);
        using var row = db.Use(Sql["rejected"]).Add(device.No).Add(before).Add(now - RetentionRules.KeptAge).Add(limit + 1);
        return StatementPage.Collect(
            row, limit,
            r => new RejectedRow(r.Guid(1), r.Int(2), r.Text(3), r.Text(4), r.Text(5), r.Time(6)),
            r => TokenKey.Write(TokenKey.Rejected).Add(r.Long(0)).ToBytes());
    }

    /// <summary>The firmware history, newest first.</summary>
    public static Page<FirmwareVersion> Firmware(Db db, Scope scope, Guid deviceId, PageRequest page)
    {
        int limit = PageToken.Limit(page);
        var (beforeTs, beforeId) = (TimeSpanUs.MaxUs, long.MaxValue);
        if (page.After is { } token)
        {
            var key = TokenKey.Read(TokenKey.Firmware, 8 + 8, token);
            (beforeTs, beforeId) = (key.Long(), key.Long());
        }

        if (HistoryScope.Device(db, scope, deviceId) is not { } device)
            return new([], null);
        using var row = db.Use(Sql["firmware"]).Add(device.No).Add(beforeTs).Add(beforeId).Add(limit + 1);
        return StatementPage.Collect(
            row, limit,
            r => new FirmwareVersion(deviceId, r.Time(0), r.Text(2), r.Text(3)),
            r => TokenKey.Write(TokenKey.Firmware).Add(r.Long(0)).Add(r.Long(1)).ToBytes());
    }

    private static WindowRow ReadWindow(Statement row)
    {
        string stats = row.Text(9);
        var raw = row.Blob(11).IsEmpty
            ? null
            : new RawWindow(row.DoubleOrNull(6) ?? 0, row.TextOrNull(7) ?? string.Empty, row.Double(8), row.Bytes(11));
        return new(
            row.Time(0), row.Text(2), row.DoubleOrNull(3), stats.Length == 0 ? default : new(stats), row.LongOrNull(4), row.TextOrNull(5),
            StoredText.Meta(row.Text(10)), raw);
    }
}
