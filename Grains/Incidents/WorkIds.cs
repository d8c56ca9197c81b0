using System.Security.Cryptography;
using System.Text;

namespace EsoCore.Grains.Incidents;

/// <summary>Ids that follow from what they name, so that the same step made twice makes the same thing.</summary>
internal static class WorkIds
{
    /// <summary>128 bits of the SHA-256 of the parts, marked as a UUID of version 8.</summary>
    public static Guid Of(params ReadOnlySpan<object?> parts)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            var word = FormattableString.Invariant($"{part}");
            text.Append(word.Length).Append(':').Append(word); // The length keeps ("a", "bc") and ("ab", "c") apart.
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()), hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
