using EsoCore.Config;
using EsoCore.Devices;

namespace EsoCore.Grains.Devices;

/// <summary>Makes what readers see of a twin.</summary>
internal static class TwinViews
{
    internal static TwinView Of(DeviceState state, DeviceConfig config, DateTimeOffset? lastSeen, bool online)
    {
        var (registration, twin) = (state.Registration, state.Twin);
        return new TwinView(
            registration.DeviceId,
            registration.ProjectId,
            registration.Serial,
            registration.Model,
            registration.SiteId,
            registration.Tags,
            registration.Status,
            online,
            Micros.ToTime(twin.FirstSeenUs),
            lastSeen,
            Micros.ToTime(twin.LastBatchUs),
            twin.FirmwareVersion,
            registration.Channel,
            new TwinConfigView(config.ConfigVersion, twin.ReportedConfigVersion, twin.ConfigError),
            Cursors(twin),
            twin.Sd,
            twin.Backlog,
            [.. twin.Series.OrderBy(s => s.Key.Metric, StringComparer.Ordinal).ThenBy(s => s.No).Select(SeriesOf)],
            new TwinCounters(twin.Batches, twin.Accepted, twin.Duplicates, twin.Rejected),
            twin.Version);
    }

    internal static ImmutableSortedDictionary<string, long> Cursors(Twin twin) =>
        twin.Cursors.ToImmutableSortedDictionary(c => c.File, c => c.Offset, StringComparer.Ordinal);

    private static SeriesView SeriesOf(TwinSeries series) => new(
        series.Key.Metric,
        series.Key.Unit.Length > 0 ? series.Key.Unit : null,
        series.Key.Asset.Length > 0 ? series.Key.Asset : null,
        series.Key.Meta.Length > 0 ? new JsonText(series.Key.Meta) : JsonText.EmptyObject,
        Micros.ToTime(series.Stand.MarkUs),
        series.Stand.LastValue,
        series.Stand.Points);
}
