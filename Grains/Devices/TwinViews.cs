using EsoCore.Config;
using EsoCore.Devices;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>Makes what readers see of a twin.</summary>
internal static class TwinViews
{
    internal static TwinView Of(Guid deviceId, DeviceState state, DeviceConfig config, long lastSeenUs, bool online)
    {
        var (traits, twin) = (state.Traits, state.Twin);
        return new TwinView(
            deviceId,
            traits.ProjectId,
            state.Serial,
            traits.Model,
            traits.SiteId,
            traits.Tags,
            traits.Status,
            online,
            Time(twin.FirstSeenUs),
            Time(lastSeenUs),
            Time(twin.LastBatchUs),
            twin.FirmwareVersion,
            traits.Channel,
            new TwinConfigView(config.ConfigVersion, twin.ReportedConfigVersion < 0 ? null : (long)twin.ReportedConfigVersion, twin.Rare.ConfigError),
            Cursors(twin),
            twin.Rare.Sd,
            twin.Rare.Backlog,
            [
                .. twin.Series.Items.Zip(twin.Stands).OrderBy(s => s.First.Key.Metric, StringComparer.Ordinal).ThenBy(s => s.First.No)
                    .Select(s => SeriesOf(s.First.Key, s.Second)),
            ],
            new TwinCounters(twin.Batches, twin.Accepted, twin.Duplicates, twin.Rare.Rejected),
            twin.Version);
    }

    private static ImmutableSortedDictionary<string, long> Cursors(Twin twin) =>
        twin.Cursors.ToImmutableSortedDictionary(c => c.File, c => c.Offset, StringComparer.Ordinal);

    private static DateTimeOffset? Time(long us) => us == Twin.Never ? null : Micros.ToTime(us);

    private static SeriesView SeriesOf(SeriesKey key, SeriesStand stand) => new(
        key.Metric,
        key.Unit.Length > 0 ? key.Unit : null,
        key.Asset.Length > 0 ? key.Asset : null,
        key.Meta.Length > 0 ? new JsonText(key.Meta) : JsonText.EmptyObject,
        Micros.ToTime(stand.MarkUs),
        stand.LastValue,
        stand.Points);
}
