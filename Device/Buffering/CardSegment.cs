using System.Globalization;

namespace EsoCore.Device;

/// <summary>One append-only file of records and how much of it the server has.</summary>
internal sealed class CardSegment(RecordPriority lane, string cardId, long number)
{
    private const string Suffix = ".ndjson";

    public RecordPriority Lane { get; } = lane;

    /// <summary>Grows over both lanes, so that it orders files by age.</summary>
    public long Number { get; } = number;

    // The card's id is in the name because a reformatted card counts from one again: the server's cursor of an older life must not skip new records.
    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"{(lane == RecordPriority.Critical ? "crit" : "data")}-{cardId}-{number:D8}{Suffix}");

    public long Records { get; set; }
    public long Bytes { get; set; }
    public long AckedRecords { get; set; }
    public long AckedBytes { get; set; }

    public bool HasUnsent => AckedBytes < Bytes;

    public static CardSegment? FromName(string name)
    {
        if (!name.EndsWith(Suffix, StringComparison.Ordinal))
            return null;
        var parts = name[..^Suffix.Length].Split('-');
        if (parts.Length != 3 || !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return null;
        var segment = parts[0] switch
        {
            "data" => new CardSegment(RecordPriority.Data, parts[1], number),
            "crit" => new CardSegment(RecordPriority.Critical, parts[1], number),
            _ => null,
        };
        return segment?.Name == name ? segment : null;
    }
}

/// <summary>What a card remembers beside its records.</summary>
internal sealed record CardState(string CardId, long NextNumber, Dictionary<string, CardCursor> Cursors);

/// <summary>How much of a file the server has.</summary>
internal sealed record CardCursor(long Records, long Bytes);
