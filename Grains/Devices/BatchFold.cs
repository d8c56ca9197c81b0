using System.Buffers.Binary;
using System.Security.Cryptography;
using EsoCore.Events;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;
using EsoCore.Telemetry;

namespace EsoCore.Grains.Devices;

/// <summary>Folds what is left of a batch into a new twin, and says what is to be stored. Pure.</summary>
internal static class BatchFold
{
    /// <summary>The twin after the batch, its version not yet raised, and the series that it lets go of.</summary>
    internal static (Twin Twin, ImmutableArray<LetGoSeries> LetGo) Fold(Twin twin, Intake intake, BatchUpload upload, SharedValues shared)
    {
        var nowUs = Micros.Of(upload.Call.ReceivedAt);
        var (series, stands, letGo) = FoldSeries(twin, intake, shared);
        var folded = twin with
        {
            FirstSeenUs = twin.FirstSeenUs == Twin.Never ? nowUs : twin.FirstSeenUs,
            LastSeenUs = Math.Max(twin.LastSeenUs, nowUs),
            LastBatchUs = nowUs,
            Cursors = upload.Cursor is { } cursor ? Move(twin.Cursors, cursor, shared) : twin.Cursors,
            Series = series,
            Stands = stands,
            SeriesCount = twin.SeriesCount + intake.NewSeries.Count,
            EventMarkUs = Newest(twin.EventMarkUs, intake.Batch.Events.Where(e => intake.Fates.IsIn(e.Record)).Select(e => e.TsUs)),
            WindowMarkUs = Newest(twin.WindowMarkUs, intake.Batch.Windows.Where(w => intake.Fates.IsIn(w.Record)).Select(w => w.TsUs)),
            Rare = FoldRare(twin.Rare, intake),
            Batches = twin.Batches + 1,
            Accepted = twin.Accepted + intake.Fates.Accepted,
            Duplicates = twin.Duplicates + intake.Fates.Duplicates,
        };
        return (folded, letGo);
    }

    private static RareTwinParts FoldRare(RareTwinParts rare, Intake intake) =>
        intake.Assets.Count == rare.Assets.Length && intake.Batch.Rejections.Count == 0 ? rare
            : rare with { Assets = [.. intake.Assets], Rejected = rare.Rejected + intake.Batch.Rejections.Count };

    /// <summary>The accepted events, ready to store.</summary>
    internal static ImmutableArray<NewEvent> Events(Guid deviceId, Intake intake) =>
    [
        .. intake.Batch.Events.Where(e => intake.Fates.IsIn(e.Record)).Select(e => new NewEvent(
            IdOf(deviceId, e.TsUs, e.Hash), new BodyKey(e.TsUs, e.Hash), e.EventType, e.Category, e.Severity, e.Details.Description,
            e.Details.DurationMs, e.Asset.Length > 0 ? e.Asset : null, e.Meta)),
    ];

    /// <summary>The accepted windows, ready to store.</summary>
    internal static ImmutableArray<NewWindow> Windows(Intake intake) =>
    [
        .. intake.Batch.Windows.Where(w => intake.Fates.IsIn(w.Record)).Select(w => new NewWindow(
            new BodyKey(w.TsUs, w.Hash), w.Metric, w.WindowS, w.Stats, w.Samples, w.Asset.Length > 0 ? w.Asset : null, w.Meta, w.RateHz,
            w.Encoding, w.Scale, w.Raw)),
    ];

    /// <summary>Tells the assets of the cycles that began and ended, in the order of the records.</summary>
    internal static void TellAssets(Intake intake, TransitionWriter writer)
    {
        foreach (var item in intake.Batch.Events)
        {
            if (item.Asset.Length == 0 || !intake.Fates.IsIn(item.Record))
                continue;
            var details = item.Details;
            if (item.EventType == "cycle_open")
                writer.ToAsset(item.Asset, Micros.ToTime(item.TsUs), new CycleOpened(details.CycleId));
            else if (item.EventType == "cycle_close")
                writer.ToAsset(item.Asset, Micros.ToTime(item.TsUs), new CycleClosed(details.CycleId, details.DurationMs, details.PeakTorqueNm));
        }
    }

    /// <summary>An event's id follows from its identity, so that the same event has the same id however often it is sent.</summary>
    internal static Guid IdOf(Guid deviceId, long tsUs, UInt128 hash)
    {
        Span<byte> identity = stackalloc byte[40];
        deviceId.TryWriteBytes(identity);
        BinaryPrimitives.WriteInt64BigEndian(identity[16..], tsUs);
        BinaryPrimitives.WriteUInt128BigEndian(identity[24..], hash);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(identity, digest);
        // RFC 9562, version 8: a UUID of our own making.
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }

    private static (SeriesSet Series, ImmutableArray<SeriesStand> Stands, ImmutableArray<LetGoSeries> LetGo) FoldSeries(
        Twin twin, Intake intake, SharedValues shared)
    {
        var stands = twin.Stands.ToBuilder();
        List<HeldSeries>? items = null;
        for (var s = 0; s < intake.Runs.Count; s++)
        {
            var run = intake.Runs.Run(s);
            if (run.IsEmpty)
                continue;
            var stand = FoldRun(intake.StandOf(s), run);
            if (intake.HeldAt(s) is var at and >= 0)
                stands[at] = stand;
            else
            {
                (items ??= [.. twin.Series.Items]).Add(new HeldSeries(shared.Share(intake.Batch.Series[s]), intake.Numbers[s]));
                stands.Add(stand);
            }
        }

        if (items is null)
            return (twin.Series, stands.DrainToImmutable(), []);
        if (items.Count <= Twin.MaxHeldSeries)
            return (shared.Share(new SeriesSet([.. items])), stands.DrainToImmutable(), []);
        var byAge = items.Zip(stands).OrderByDescending(s => s.Second.MarkUs).ThenBy(s => s.First.No).ToList();
        var held = byAge.Take(Twin.MaxHeldSeries).ToList();
        return (
            shared.Share(new SeriesSet([.. held.Select(s => s.First)])),
            [.. held.Select(s => s.Second)],
            [.. byAge.Skip(Twin.MaxHeldSeries).Select(s => new LetGoSeries(s.First.No, s.Second))]);
    }

    private static SeriesStand FoldRun(SeriesStand? before, ReadOnlySpan<PointEntry> run)
    {
        var accepted = 0;
        var newest = -1;
        for (var i = 0; i < run.Length; i++)
        {
            if (run[i].Dropped)
                continue;
            accepted++;
            // Of two values at one time the later accepted counts: the one further down the batch.
            if (newest < 0 || run[i].TsUs > run[newest].TsUs || run[i].RecordIndex > run[newest].RecordIndex)
                newest = i;
        }

        var stand = before ?? new SeriesStand(long.MinValue, 0, 0);
        if (newest >= 0 && run[newest].TsUs >= stand.MarkUs)
            stand = new SeriesStand(run[newest].TsUs, run[newest].Value, stand.Points);
        return stand with { Points = stand.Points + accepted };
    }

    private static ImmutableArray<TwinCursor> Move(ImmutableArray<TwinCursor> cursors, FileCursor cursor, SharedValues shared)
    {
        var kept = cursors.RemoveAll(c => c.File == cursor.File);
        if (kept.Length == Twin.MaxCursors)
            kept = kept.RemoveAt(0);
        return kept.Add(new TwinCursor(shared.ShareFile(cursor.File), cursor.Offset));
    }

    private static long Newest(long markUs, IEnumerable<long> timesUs) => timesUs.Aggregate(markUs, Math.Max);
}
