using System.Buffers;

namespace EsoCore.Wire;

/// <summary>One content coding. Safe to call from any number of threads.</summary>
internal interface IBodyCodec
{
    /// <summary>Whether this machine can do it; never throws.</summary>
    bool IsAvailable { get; }

    byte[] Encode(ReadOnlySpan<byte> source);

    /// <summary>Decodes a body that is not empty; throws <see cref="InvalidDataException"/> unless all of it is well-formed.</summary>
    void Decode(ReadOnlyMemory<byte> source, IBufferWriter<byte> sink);
}
