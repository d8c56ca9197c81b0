using EsoCore.Firmware;
using EsoCore.History;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Pages of what a device has beside points and events. A device outside the scope has nothing.</summary>
internal static class RecordPages
{
    /// <summary>Bytes of raw samples that a page of windows holds; it ends with the window that passes them.</summary>
    private const int MaxRawBytes = 16 << 20;

    /// <summary>Windows asked for at once: their samples may be large.</summary>
    private const int WindowsAFetch = 32;

    private static readonly SqlFile Sql = SqlFile.Of(typeof(RecordPages));

    /// <summary>Windows by (ts, hash).</summary>
    public static async Task<Page<WindowRow>> Windows(NpgsqlConnection db, WindowQuery query, PageRequest page, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        var (afterTs, afterHash) = (TimeSpanUs.MinUs, UInt128.Zero);
        if (page.After is { } token)
        {
            var key = TokenKey.Read(TokenKey.Windows, 8 + 16, token);
            (afterTs, afterHash) = (key.Long(), key.Hash());
        }

        if (await HistoryScope.Device(db, query.Scope, query.DeviceId, cancel).ConfigureAwait(false) is not { } device)
            return new([], null);
        var items = ImmutableArray.CreateBuilder<WindowRow>();
        long rawBytes = 0;
        while (true)
        {
            var span = TimeSpanUs.Of(query.From, query.To).NotBefore(Math.Max(device.FloorUs, afterTs));
            int count = Math.Min(WindowsAFetch, limit + 1 - items.Count);
            var part = await Sessions.Ask(
                db,
                Sql["windows"],
                a => a.Add(device.No).Add(span.FromUs).Add(span.ToUs).Add(afterTs).Add(afterHash).Add(query.Metric).Add(query.AssetId).Add(count),
                (row, stop) => Sessions.Collect(row, r => (Ts: r.Long(0), Hash: r.Hash(1), Row: ReadWindow(r)), stop),
                cancel).ConfigureAwait(false);
            foreach (var (ts, hash, row) in part)
            {
                if (items.Count == limit || rawBytes > MaxRawBytes)
                {
                    var key = TokenKey.Write(TokenKey.Windows).Add(afterTs).AddHash(afterHash).ToBytes();
                    return new(items.DrainToImmutable(), PageToken.Write(key));
                }

                items.Add(row);
                rawBytes += row.Raw?.Data.Length ?? 0;
                (afterTs, afterHash) = (ts, hash);
            }

            if (part.Length < count)
                return new(items.DrainToImmutable(), null);
        }
    }

    /// <summary>The ledger, newest first.</summary>
    public static async Task<Page<BatchRow>> Batches(
        NpgsqlConnection db, Scope scope, Guid deviceId, PageRequest page, DateTimeOffset now, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        var (afterTs, afterId) = ((long?)null, (Guid?)null);
        if (page.After is { } token)
        {
            var key = TokenKey.Read(TokenKey.Batches, 8 + 16, token);
            (afterTs, afterId) = (key.Long(), key.Guid());
        }

        if (await HistoryScope.Device(db, scope, deviceId, cancel).ConfigureAwait(false) is not { } device)
            return new([], null);
        return await Sessions.Ask(
            db,
            Sql["batches"],
            a => a.Add(device.No).Add(afterTs).Add(afterId).Add(limit + 1).Add(now - RetentionRules.KeptAge),
            (row, stop) => Pages.Collect(
                row, limit,
                r => new BatchRow(r.Guid(1), Convert.ToHexStringLower(r.Bytes(2)), r.Int(3), r.Int(4), r.Int(5), r.Time(0)),
                r => TokenKey.Write(TokenKey.Batches).Add(r.Long(0)).Add(r.Guid(1)).ToBytes(),
                stop),
            cancel).ConfigureAwait(false);
    }

    /// <summary>Rejected records, newest first, none older than they are kept.</summary>
    public static async Task<Page<RejectedRow>> Rejected(
        NpgsqlConnection db, Scope scope, Guid deviceId, PageRequest page, DateTimeOffset now, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        long before = page.After is { } token ? TokenKey.Read(TokenKey.Rejected, 8, token).Long() : long.MaxValue;
        if (await HistoryScope.Device(db, scope, deviceId, cancel).ConfigureAwait(false) is not { } device)
            return new([], null);
        return await Sessions.Ask(
            db,
            Sql["rejected"],
            a => a.Add(device.No).Add(before).Add(now - RetentionRules.KeptAge).Add(limit + 1),
            (row, stop) => Pages.Collect(
                row, limit,
                r => new RejectedRow(r.Guid(1), r.Int(2), r.Text(3), r.Text(4), r.Text(5), r.Time(6)),
                r => TokenKey.Write(TokenKey.Rejected).Add(r.Long(0)).ToBytes(),
                stop),
            cancel).ConfigureAwait(false);
    }

    /// <summary>The firmware history, newest first.</summary>
    public static async Task<Page<FirmwareVersion>> Firmware(
        NpgsqlConnection db, Scope scope, Guid deviceId, PageRequest page, CancellationToken cancel)
    {
        int limit = PageToken.Limit(page);
        var (beforeTs, beforeId) = (TimeSpanUs.MaxUs, long.MaxValue);
        if (page.After is { } token)
        {
            var key = TokenKey.Read(TokenKey.Firmware, 8 + 8, token);
            (beforeTs, beforeId) = (key.Long(), key.Long());
        }

        if (await HistoryScope.Device(db, scope, deviceId, cancel).ConfigureAwait(false) is not { } device)
            return new([], null);
        return await Sessions.Ask(
            db,
            Sql["firmware"],
            a => a.Add(device.No).Add(beforeTs).Add(beforeId).Add(limit + 1),
            (row, stop) => Pages.Collect(
                row, limit,
                r => new FirmwareVersion(deviceId, r.Time(0), r.Text(2), r.Text(3)),
                r => TokenKey.Write(TokenKey.Firmware).Add(r.Long(0)).Add(r.Long(1)).ToBytes(),
                stop),
            cancel).ConfigureAwait(false);
    }

    private static WindowRow ReadWindow(NpgsqlDataReader row)
    {
        string stats = row.Text(9);
        byte[] data = row.Bytes(11);
        var raw = data.Length == 0
            ? null
            : new RawWindow(row.DoubleOrNull(6) ?? 0, row.TextOrNull(7) ?? string.Empty, row.Double(8), data);
        return new(
            row.Time(0), row.Text(2), row.DoubleOrNull(3), stats.Length == 0 ? default : new(stats), row.LongOrNull(4), row.TextOrNull(5),
            StoredText.Meta(row.Text(10)), raw);
    }
}
