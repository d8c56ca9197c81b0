using System.Buffers;

namespace EsoCore.Wire;

/// <summary>How a body is compressed.</summary>
public enum ContentCoding
{
    /// <summary>Not at all.</summary>
    Identity,

    /// <summary>RFC 1952; always available.</summary>
    Gzip,

    /// <summary>RFC 8878; needs the system's libzstd.</summary>
    Zstd,

    /// <summary>The LZ4 frame format; needs the system's liblz4.</summary>
    Lz4,
}

/// <summary>Compresses and decompresses bodies by their Content-Encoding.</summary>
public static class ContentCodec
{
    /// <summary>The most bytes handed to a sink at a time, so that a sink that enforces a limit stops a bomb within one window.</summary>
    public const int WindowBytes = 64 * 1024;

    /// <summary>Reads a Content-Encoding. Null, empty and <c>identity</c> are <see cref="ContentCoding.Identity"/>; case does not matter.</summary>
    /// <returns>False for an encoding we do not know, and for a list of several.</returns>
    public static bool TryParse(string? headerValue, out ContentCoding coding)
    {
        ContentCoding? found = headerValue?.Trim().ToLowerInvariant() switch
        {
            null or "" or "identity" => ContentCoding.Identity,
            "gzip" or "x-gzip" => ContentCoding.Gzip, // RFC 9110, 8.4.1.3: the old name means the same.
            "zstd" => ContentCoding.Zstd,
            "lz4" => ContentCoding.Lz4,
            _ => null,
        };
        coding = found ?? ContentCoding.Identity;
        return found is not null;
    }

    /// <summary>The name that stands in Content-Encoding.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not a member of the enum.</exception>
    public static string NameOf(ContentCoding coding) => coding switch
    {
        ContentCoding.Identity => "identity",
        ContentCoding.Gzip => "gzip",
        ContentCoding.Zstd => "zstd",
        ContentCoding.Lz4 => "lz4",
        _ => throw new ArgumentOutOfRangeException(nameof(coding), coding, null),
    };

    /// <summary>Whether this machine can do it; never throws.</summary>
    public static bool IsAvailable(ContentCoding coding) => Enum.IsDefined(coding) && CodecOf(coding).IsAvailable;

    /// <summary>Compresses a whole body, at the speed rather than the size end of each format.</summary>
    /// <exception cref="NotSupportedException">The library is missing; see <see cref="IsAvailable"/>.</exception>
    public static byte[] Encode(ContentCoding coding, ReadOnlySpan<byte> source) => Available(coding).Encode(source);

    /// <summary>
    /// Decompresses a whole body into <paramref name="sink"/>, at most <see cref="WindowBytes"/> at a time. What the sink throws passes through, which is how
    /// limits are enforced. On an error part of the output has already been written. Several members or frames in a row are taken, as each format allows.
    /// </summary>
    /// <exception cref="InvalidDataException">Malformed, truncated, or followed by something else.</exception>
    /// <exception cref="NotSupportedException">The library is missing; see <see cref="IsAvailable"/>.</exception>
    public static void Decode(ContentCoding coding, ReadOnlyMemory<byte> source, IBufferWriter<byte> sink)
    {
        var codec = Available(coding);
        if (source.IsEmpty && coding != ContentCoding.Identity)
            throw new InvalidDataException($"The body is empty, which is no {NameOf(coding)} data.");
        codec.Decode(source, sink);
    }

    private static IBodyCodec Available(ContentCoding coding)
    {
        var codec = CodecOf(coding);
        return codec.IsAvailable
            ? codec
            : throw new NotSupportedException($"This machine lacks the library for {NameOf(coding)}.");
    }

    private static IBodyCodec CodecOf(ContentCoding coding) => coding switch
    {
        ContentCoding.Identity => IdentityCodec.Instance,
        ContentCoding.Gzip => GzipCodec.Instance,
        ContentCoding.Zstd => ZstdCodec.Instance,
        ContentCoding.Lz4 => Lz4Codec.Instance,
        _ => throw new ArgumentOutOfRangeException(nameof(coding), coding, null),
    };
}
