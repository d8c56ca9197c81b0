using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;

namespace EsoCore.Api;

/// <summary>A body in a pooled buffer, paid for from the process-wide budget. Dispose it when nobody can read it any more.</summary>
internal sealed class RentedBody(ByteBudget budget, byte[] buffer, int length) : IDisposable
{
    private byte[]? _buffer = buffer;

    public ReadOnlyMemory<byte> Bytes => (_buffer ?? throw new ObjectDisposedException(nameof(RentedBody))).AsMemory(0, length);

    /// <summary>Lower-case hex SHA-256 of the body as sent.</summary>
    public string HashHex() => Convert.ToHexStringLower(SHA256.HashData(Bytes.Span));

    /// <summary>Gives the bytes up without handing the buffer on: somebody who did not answer in time may still read it.</summary>
    public void Abandon()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
            budget.Release(buffer.Length);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is not { } buffer)
            return;
        ArrayPool<byte>.Shared.Return(buffer);
        budget.Release(buffer.Length);
    }
}

/// <summary>Reads whole bodies under a limit each and the budget of all.</summary>
internal sealed class BodyReader(ByteBudget budget)
{
    private const int FirstBuffer = 16 * 1024;

    /// <summary>
    /// Reads the body. A stated length is reserved up front; without one the buffer doubles as bytes arrive.
    /// Null and a problem when it is over <paramref name="maxBytes"/> (413) or the budget is used up (503).
    /// </summary>
    public async ValueTask<(RentedBody? Body, Problem? Problem)> Read(HttpRequest request, int maxBytes, TimeSpan retryAfter)
    {
        if (request.ContentLength > maxBytes)
            return (null, Over(maxBytes));
        var busy = Problems.Unavailable("The server holds as many bodies as it can at the moment.", retryAfter);
        var stated = (int?)request.ContentLength;
        var buffer = Rent(stated ?? FirstBuffer);
        if (buffer is null)
            return (null, busy);
        var length = 0;
        try
        {
            while (length != stated)
            {
                if (length == buffer.Length)
                {
                    if (Rent(buffer.Length * 2) is not { } larger)
                        return (null, busy);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    (buffer, var smaller) = (larger, buffer);
                    GiveBack(smaller);
                }

                var read = await request.Body.ReadAsync(buffer.AsMemory(length), request.HttpContext.RequestAborted);
                if (read == 0)
                    break;
                length += read;
                if (length > maxBytes)
                    return (null, Over(maxBytes));
            }

            var body = new RentedBody(budget, buffer, length);
            buffer = null;
            return (body, null);
        }
        finally
        {
            if (buffer is not null)
                GiveBack(buffer);
        }
    }

    private byte[]? Rent(int size)
    {
        // The pool hands out powers of two; what is paid for is what is held, not what was asked for.
        var held = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(size, 16));
        return budget.TryReserve(held) ? ArrayPool<byte>.Shared.Rent(held) : null;
    }

    private void GiveBack(byte[] buffer)
    {
        ArrayPool<byte>.Shared.Return(buffer);
        budget.Release(buffer.Length);
    }

    private static Problem Over(int maxBytes) => Problems.TooLarge($"The body is over {maxBytes} bytes.");
}
