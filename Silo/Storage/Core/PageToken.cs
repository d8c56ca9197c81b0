using System.Buffers.Text;

namespace EsoCore.Silo.Storage;

/// <summary>Page tokens: the key of the last item, as opaque text. Whatever is not one of ours throws <see cref="FormatException"/>.</summary>
internal static class PageToken
{
    private const int MaxLength = 1_024;

    /// <summary>The number of items to read for a page; what is out of range is brought into it.</summary>
    public static int Limit(PageRequest page) => Math.Clamp(page.Limit, 1, PageRequest.MaxLimit);

    /// <summary>Text of a key.</summary>
    public static string Write(ReadOnlySpan<byte> key) => Base64Url.EncodeToString(key);

    /// <summary>The key of a text; its length must be as expected, where one is.</summary>
    public static byte[] Read(string token, int? length = null)
    {
        if (token.Length > MaxLength || !Base64Url.IsValid(token))
            throw new FormatException("The page token is not one of this server's.");
        byte[] key = Base64Url.DecodeFromChars(token);
        return length is null || key.Length == length ? key : throw new FormatException("The page token is not one of this server's.");
    }

    /// <summary>The id to continue after; before all ids without a token.</summary>
    public static Guid ReadId(string? token) => token is null ? Guid.Empty : new Guid(Read(token, 16), bigEndian: true);
}
