using System.Text.Json;
using System.Text.Json.Serialization;
using EsoCore.Devices;
using EsoCore.Events;
using EsoCore.Grains.Common;
using EsoCore.Grains.Rules;
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

    public int? ConfigVersion { get; set; }

    public bool ConfigByHeartbeat { get; set; }

    public string? ConfigError { get; set; }

    public SdHealth? Sd { get; set; }

    public Backlog? Backlog { get; set; }

    public TwinCursor[]? Cursors { get; set; }

    public ClockEpoch[]? Epochs { get; set; }

    public UsedNonce[]? Nonces { get; set; }

    public int[]? SeriesNos { get; set; }

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

    public StoredReceiver[]? Receivers { get; set; }

    public StoredRuleMemory? Rules { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>The last transition sent to one receiver.</summary>
internal readonly record struct StoredReceiver(string Stream, string Receiver, long TwinVersion, int Ordinal);

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
            FirstSeen = Known(twin.FirstSeenUs),
            LastSeen = Known(twin.LastSeenUs),
            LastBatch = Known(twin.LastBatchUs),
            Firmware = twin.FirmwareVersion,
            ConfigVersion = twin.ReportedConfigVersion < 0 ? null : twin.ReportedConfigVersion,
            ConfigByHeartbeat = twin.ConfigVersionByHeartbeat,
            ConfigError = twin.Rare.ConfigError,
            Sd = twin.Rare.Sd,
            Backlog = twin.Rare.Backlog,
            Cursors = OrNull(twin.Cursors),
            Epochs = OrNull(twin.Rare.Epochs),
            Nonces = OrNull(twin.Rare.Nonces),
            SeriesNos = Column(twin.Series.Items, s => s.No),
            SeriesMarks = Column(twin.Stands, s => s.MarkUs),
            SeriesValues = Column(twin.Stands, s => s.LastValue),
            SeriesPoints = Column(twin.Stands, s => s.Points),
            SeriesCount = twin.SeriesCount,
            EventMark = Known(twin.EventMarkUs),
            WindowMark = Known(twin.WindowMarkUs),
            Assets = OrNull(twin.Rare.Assets),
            Counters = [twin.Batches, twin.Accepted, twin.Duplicates, twin.Rare.Rejected],
            ToldSite = twin.ToldSite,
            ToldOnline = twin.ToldOnline,
            Receivers = Column(twin.Receivers, r => new StoredReceiver(r.Receiver.Stream, r.Receiver.Key, r.Position.TwinVersion, r.Position.Ordinal)),
            Rules = StoredRuleMemory.Of(twin.Rare.Rules),
            Unknown = twin.Rare.Unknown,
        },
        TwinJson.Default.TwinDocument);

    internal static Twin Read(StoredDevice stored, SharedValues shared)
    {
        if (stored.TwinVersion == 0)
            return Twin.New;
        var document = JsonSerializer.Deserialize(stored.Twin.Span, TwinJson.Default.TwinDocument)!;
        StateFormat.Check(document.Format, TwinDocument.CurrentFormat, $"device {stored.Registration.DeviceId:D}");
        var counters = document.Counters ?? new long[4];
        return new Twin
        {
            Version = stored.TwinVersion,
            FirstSeenUs = document.FirstSeen ?? Twin.Never,
            LastSeenUs = document.LastSeen ?? Twin.Never,
            LastBatchUs = document.LastBatch ?? Twin.Never,
            FirmwareVersion = shared.Share(document.Firmware),
            ReportedConfigVersion = document.ConfigVersion ?? -1,
            ConfigVersionByHeartbeat = document.ConfigByHeartbeat,
            Cursors = [.. (document.Cursors ?? []).Select(c => c with { File = shared.ShareFile(c.File) })],
            Series = ReadSeries(document, stored.Series, shared),
            Stands = ReadStands(document),
            SeriesCount = document.SeriesCount,
            EventMarkUs = document.EventMark ?? Twin.Never,
            WindowMarkUs = document.WindowMark ?? Twin.Never,
            Batches = counters[0],
            Accepted = counters[1],
            Duplicates = counters[2],
            ToldSite = shared.Share(document.ToldSite),
            ToldOnline = document.ToldOnline,
            IsPresenceStored = Presence.IsStored(stored.Presence, document.ToldSite, document.ToldOnline),
            Receivers =
            [
                // Sites had a place here once.
                .. (document.Receivers ?? []).Where(r => r.Stream != TransitionStreams.Sites).Select(r => new ReceiverMark(
                    shared.Share(new ReceiverName(r.Stream, r.Receiver)), new TransitionPosition(r.TwinVersion, r.Ordinal))),
            ],
            Rare = new RareTwinParts
            {
                Rejected = counters[3],
                ConfigError = document.ConfigError,
                Sd = document.Sd,
                Backlog = document.Backlog,
                Epochs = Immutable(document.Epochs),
                Nonces = Immutable(document.Nonces),
                Assets = Immutable(document.Assets),
                Rules = document.Rules?.Read() ?? RuleMemory.Empty,
                Unknown = document.Unknown,
            }.Shared(),
        };
    }

    private static SeriesSet ReadSeries(TwinDocument document, ImmutableArray<StoredSeries> stored, SharedValues shared)
    {
        if (document.SeriesNos is not { } nos)
            return SeriesSet.Empty;
        var keys = stored.ToDictionary(s => s.No, s => s.Key);
        return shared.Share(new SeriesSet([.. nos.Select(no => new HeldSeries(shared.Share(keys[no]), no))]));
    }

    private static ImmutableArray<SeriesStand> ReadStands(TwinDocument document) =>
    [
        .. (document.SeriesNos ?? []).Select((_, i) =>
            new SeriesStand(document.SeriesMarks![i], document.SeriesValues![i], document.SeriesPoints![i])),
    ];

    private static TColumn[]? Column<T, TColumn>(ImmutableArray<T> items, Func<T, TColumn> pick)
    {
        if (items.IsEmpty)
            return null;
        var column = new TColumn[items.Length];
        for (var i = 0; i < column.Length; i++)
            column[i] = pick(items[i]);
        return column;
    }

    private static T[]? OrNull<T>(ImmutableArray<T> items) => items.IsEmpty ? null : [.. items];

    private static ImmutableArray<T> Immutable<T>(T[]? items) => items is null ? [] : [.. items];

    private static long? Known(long us) => us == Twin.Never ? null : us;
}
