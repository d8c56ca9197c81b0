using System.Text.Json;
using System.Text.Json.Serialization;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Devices;

/// <summary>
/// The twin as it is stored: JSON with a format number, series as columns. Fields that this program does not know are carried along, so
/// that an older program beside a newer one loses nothing.
/// </summary>
internal sealed class TwinDocument
{
    /// <summary>The format that this program writes.</summary>
    internal const int CurrentFormat = 1;

    public int Format { get; set; } = CurrentFormat;

    public long? FirstSeen { get; set; }

    public long? LastSeen { get; set; }

    public long? LastBatch { get; set; }

    public string? Firmware { get; set; }

    public long? ConfigVersion { get; set; }

    public string? ConfigError { get; set; }

    public SdHealth? Sd { get; set; }

    public Backlog? Backlog { get; set; }

    public TwinCursor[]? Cursors { get; set; }

    public ClockEpoch[]? Epochs { get; set; }

    public UsedNonce[]? Nonces { get; set; }

    public int[]? SeriesNos { get; set; }

    public uint[]? SeriesUsedAt { get; set; }

    public long[]? SeriesMarks { get; set; }

    public double[]? SeriesValues { get; set; }

    public long[]? SeriesPoints { get; set; }

    public int SeriesCount { get; set; }

    public long? EventMark { get; set; }

    public long? WindowMark { get; set; }

    public string[]? Assets { get; set; }

    /// <summary>batches, accepted, duplicates, rejected.</summary>
    public long[]? Counters { get; set; }

    public string? ToldSite { get; set; }

    public bool ToldOnline { get; set; }

    public ReceiverMark[]? Receivers { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

[JsonSerializable(typeof(TwinDocument))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
internal sealed partial class TwinJson : JsonSerializerContext;

/// <summary>Between the twin and its document.</summary>
internal static class TwinDocuments
{
    internal static byte[] Write(Twin twin) => JsonSerializer.SerializeToUtf8Bytes(
        new TwinDocument
        {
            FirstSeen = twin.FirstSeenUs,
            LastSeen = twin.LastSeenUs,
            LastBatch = twin.LastBatchUs,
            Firmware = twin.FirmwareVersion,
            ConfigVersion = twin.ReportedConfigVersion,
            ConfigError = twin.ConfigError,
            Sd = twin.Sd,
            Backlog = twin.Backlog,
            Cursors = OrNull(twin.Cursors),
            Epochs = OrNull(twin.Epochs),
            Nonces = OrNull(twin.Nonces),
            SeriesNos = Column(twin, s => s.No),
            SeriesUsedAt = Column(twin, s => s.UsedAt),
            SeriesMarks = Column(twin, s => s.Stand.MarkUs),
            SeriesValues = Column(twin, s => s.Stand.LastValue),
            SeriesPoints = Column(twin, s => s.Stand.Points),
            SeriesCount = twin.SeriesCount,
            EventMark = Known(twin.EventMarkUs),
            WindowMark = Known(twin.WindowMarkUs),
            Assets = OrNull(twin.Assets),
            Counters = [twin.Batches, twin.Accepted, twin.Duplicates, twin.Rejected],
            ToldSite = twin.ToldSite,
            ToldOnline = twin.ToldOnline,
            Receivers = OrNull(twin.Receivers),
            Unknown = twin.Unknown,
        },
        TwinJson.Default.TwinDocument);

    internal static Twin Read(StoredDevice stored, SeriesKeyPool pool)
    {
        if (stored.TwinVersion == 0)
            return Twin.New;
        var document = JsonSerializer.Deserialize(stored.Twin.Span, TwinJson.Default.TwinDocument)!;
        var counters = document.Counters ?? new long[4];
        return new Twin
        {
            Version = stored.TwinVersion,
            FirstSeenUs = document.FirstSeen,
            LastSeenUs = document.LastSeen,
            LastBatchUs = document.LastBatch,
            FirmwareVersion = document.Firmware,
            ReportedConfigVersion = document.ConfigVersion,
            ConfigError = document.ConfigError,
            Sd = document.Sd,
            Backlog = document.Backlog,
            Cursors = Immutable(document.Cursors),
            Epochs = Immutable(document.Epochs),
            Nonces = Immutable(document.Nonces),
            Series = ReadSeries(document, stored.Series, pool),
            SeriesCount = document.SeriesCount,
            EventMarkUs = document.EventMark ?? long.MinValue,
            WindowMarkUs = document.WindowMark ?? long.MinValue,
            Assets = Immutable(document.Assets),
            Batches = counters[0],
            Accepted = counters[1],
            Duplicates = counters[2],
            Rejected = counters[3],
            ToldSite = document.ToldSite,
            ToldOnline = document.ToldOnline,
            Receivers = Immutable(document.Receivers),
            Unknown = document.Unknown,
        };
    }

    private static ImmutableArray<TwinSeries> ReadSeries(TwinDocument document, ImmutableArray<StoredSeries> stored, SeriesKeyPool pool)
    {
        if (document.SeriesNos is not { } nos)
            return [];
        var keys = stored.ToDictionary(s => s.No, s => s.Key);
        var series = ImmutableArray.CreateBuilder<TwinSeries>(nos.Length);
        for (var i = 0; i < nos.Length; i++)
        {
            series.Add(new TwinSeries(
                pool.Share(keys[nos[i]]), nos[i], document.SeriesUsedAt![i],
                new SeriesStand(document.SeriesMarks![i], document.SeriesValues![i], document.SeriesPoints![i])));
        }

        return series.MoveToImmutable();
    }

    private static T[]? Column<T>(Twin twin, Func<TwinSeries, T> pick)
    {
        if (twin.Series.IsEmpty)
            return null;
        var column = new T[twin.Series.Length];
        for (var i = 0; i < column.Length; i++)
            column[i] = pick(twin.Series[i]);
        return column;
    }

    private static T[]? OrNull<T>(ImmutableArray<T> items) => items.IsEmpty ? null : [.. items];

    private static ImmutableArray<T> Immutable<T>(T[]? items) => items is null ? [] : [.. items];

    private static long? Known(long us) => us == long.MinValue ? null : us;
}
