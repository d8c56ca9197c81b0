using EsoCore.History;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>A device that a caller may see, with the series that a query is about.</summary>
internal sealed record ScopedSeries(ScopedDevice Device, int[] SeriesNos);

/// <summary>The one place that says which devices a scope has.</summary>
internal static class HistoryScope
{
    private const int DevicesAPage = 256;

    private static readonly SqlFile Sql = SqlFile.Of(typeof(HistoryScope));

    /// <summary>The device, or null when the scope has none of that id.</summary>
    public static Task<ScopedDevice?> Device(NpgsqlConnection db, Scope scope, Guid deviceId, CancellationToken cancel) => Sessions.Ask(
        db,
        Sql["one_device"],
        a => a.Add(scope.ProjectId).Add(deviceId),
        async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false) ? Read(row) : (ScopedDevice?)null,
        cancel);

    /// <summary>The devices by id, while the caller goes through them; with an id, that one if it is within the scope.</summary>
    public static async IAsyncEnumerable<ScopedSeries> Devices(
        NpgsqlConnection db, PointQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        for (Guid? after = Guid.Empty; after is { } from;)
        {
            var page = await Sessions.Ask(
                db,
                Sql["devices_with_series"],
                a => a.Add(query.Scope.ProjectId).Add(query.DeviceId).Add(query.SiteId).Add(from).Add(query.Metric).Add(query.AssetId)
                    .Add(DevicesAPage),
                (row, stop) => Sessions.Collect(row, r => new ScopedSeries(Read(r), r.GetFieldValue<int[]>(3)), stop),
                cancel).ConfigureAwait(false);
            foreach (var device in page)
                yield return device;
            after = page.Length == DevicesAPage ? page[^1].Device.Id : null;
        }
    }

    private static ScopedDevice Read(NpgsqlDataReader row) => new(row.Guid(0), row.Long(1), row.LongOrNull(2) ?? TimeSpanUs.MinUs);
}
