using System.Buffers;

namespace EsoCore.Wire;

internal sealed class IdentityCodec : IBodyCodec
{
    public static readonly IdentityCodec Instance = new();

    public bool IsAvailable => true;

    public byte[] Encode(ReadOnlySpan<byte> source) => source.ToArray();

    public void Decode(ReadOnlyMemory<byte> source, IBufferWriter<byte> sink)
    {
        var rest = source.Span;
        while (!rest.IsEmpty)
        {
            var step = Math.Min(rest.Length, ContentCodec.WindowBytes);
            rest[..step].CopyTo(sink.GetSpan(step));
            sink.Advance(step);
            rest = rest[step..];
        }
    }
}
