using System.Buffers.Binary;
using EsoCore.Wire;

namespace EsoCore.Grains.Incidents;

/// <summary>
/// Episodes without their words as bytes, 57 each: a site has thousands of devices, and all that is told of them is written as one
/// document. The newest <see cref="MaxPlain"/> stand beside them as they are.
/// </summary>
internal static class PackedEpisodes
{
    /// <summary>Episodes that are kept as they are, with their words where they have any: the latest gives an incident its own.</summary>
    public const int MaxPlain = IncidentLimits.MaxEpisodesOfMany;

    private const byte Format = 1;
    private const int GuidBytes = 16;
    private const int Size = 2 * GuidBytes + 3 * sizeof(long) + 1;
    private const byte LastsFlag = 0x10;
    private const byte SeverityMask = 0x0F;

    /// <summary>Which are kept as they are, and the others as bytes.</summary>
    public static (ImmutableArray<HeldEpisode> Plain, ReadOnlyMemory<byte> Packed) Split(IEnumerable<HeldEpisode> episodes)
    {
        List<HeldEpisode> all = [.. episodes];
        if (all.Count <= MaxPlain)
            return ([.. all], default);
        all.Sort((a, b) => a.Start != b.Start ? b.Start.CompareTo(a.Start) : b.Id.CompareTo(a.Id));
        var packed = new byte[1 + (all.Count - MaxPlain) * Size];
        packed[0] = Format;
        for (var i = MaxPlain; i < all.Count; i++)
            Write(packed.AsSpan(1 + (i - MaxPlain) * Size, Size), all[i]);
        return ([.. all.Take(MaxPlain)], packed);
    }

    /// <summary>The episodes that <see cref="Split"/> made bytes of; no bytes make none.</summary>
    /// <exception cref="InvalidDataException">The bytes are of a later format, or damaged.</exception>
    public static List<HeldEpisode> Unpack(ReadOnlySpan<byte> bytes)
    {
        var episodes = new List<HeldEpisode>();
        if (bytes.IsEmpty)
            return episodes;
        if (bytes[0] != Format || (bytes.Length - 1) % Size != 0)
            throw new InvalidDataException($"Episodes are stored in format {bytes[0]}, or cut off; this program reads format {Format}.");
        for (bytes = bytes[1..]; !bytes.IsEmpty; bytes = bytes[Size..])
            episodes.Add(Read(bytes[..Size]));
        return episodes;
    }

    private static void Write(Span<byte> to, HeldEpisode episode)
    {
        episode.Id.TryWriteBytes(to, bigEndian: true, out _);
        episode.Device.TryWriteBytes(to[GuidBytes..], bigEndian: true, out _);
        to = to[(2 * GuidBytes)..];
        BinaryPrimitives.WriteInt64BigEndian(to, episode.Start.UtcTicks);
        BinaryPrimitives.WriteInt64BigEndian(to[8..], episode.End?.UtcTicks ?? -1);
        BinaryPrimitives.WriteInt64BigEndian(to[16..], episode.HoldFor.Ticks);
        var severity = Severities.TryParse(episode.Severity, out var known) ? known : Severity.Medium;
        to[24] = (byte)((byte)severity | (episode.Lasts ? LastsFlag : 0));
    }

    private static HeldEpisode Read(ReadOnlySpan<byte> from)
    {
        var (id, device) = (new Guid(from[..GuidBytes], bigEndian: true), new Guid(from[GuidBytes..(2 * GuidBytes)], bigEndian: true));
        from = from[(2 * GuidBytes)..];
        var end = BinaryPrimitives.ReadInt64BigEndian(from[8..]);
        return new HeldEpisode(
            id, device, TimeOf(BinaryPrimitives.ReadInt64BigEndian(from)), end < 0 ? null : TimeOf(end), (from[24] & LastsFlag) != 0,
            TimeSpan.FromTicks(BinaryPrimitives.ReadInt64BigEndian(from[16..])), Severities.NameOf((Severity)(from[24] & SeverityMask)),
            null);
    }

    private static DateTimeOffset TimeOf(long utcTicks) => new(utcTicks, TimeSpan.Zero);
}
