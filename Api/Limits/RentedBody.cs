using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace EsoCore.Api;

/// <summary>A body in a pooled buffer, paid for from a budget. Dispose it when nobody can read it any more.</summary>
internal sealed class RentedBody(ByteBudget budget, byte[] buffer, int length) : IDisposable
{
    // The reservation lives exactly as long as its buffer: whoever holds the bytes holds the array, and nobody else can tell when they let go.
    private static readonly ConditionalWeakTable<byte[], object> Abandoned = [];

    private byte[]? _buffer = buffer;

    public ReadOnlyMemory<byte> Bytes => (_buffer ?? throw new ObjectDisposedException(nameof(RentedBody))).AsMemory(0, length);

    /// <summary>Lower-case hex SHA-256 of the body as sent.</summary>
    public string HashHex() => Convert.ToHexStringLower(SHA256.HashData(Bytes.Span));

    /// <summary>
    /// Lets the buffer go without handing it on: somebody who did not answer in time may still read it. The budget gets its bytes back when
    /// the buffer is collected, for until then they are in memory.
    /// </summary>
    public void Abandon()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
            Abandoned.Add(buffer, budget.Abandon(buffer.Length));
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is not { } buffer)
            return;
        ArrayPool<byte>.Shared.Return(buffer);
        budget.Release(buffer.Length);
    }
}
