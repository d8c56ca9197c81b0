using System.Buffers;
using System.Numerics;

namespace EsoCore.Api;

/// <summary>
/// Reads whole bodies under a limit each, a deadline, and a budget of all. Callers who have not shown who they are share a small budget of
/// their own, so that however many strangers send however slowly, devices' uploads are read.
/// </summary>
internal sealed class BodyReader(ByteBudget budget, TimeProvider time)
{
    /// <summary>Bytes of all bodies in flight of callers not yet proven.</summary>
    public const int UnprovenBudgetBytes = 16 * 1024 * 1024;

    /// <summary>How long the body of a proven caller may take: a batch of 1 MB over a link of 4 kB/s.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    /// <summary>How long the small body of a caller not yet proven may take.</summary>
    public static readonly TimeSpan UnprovenDeadline = TimeSpan.FromSeconds(60);

    private const int FirstBuffer = 16 * 1024;
    private const int FirstUnprovenBuffer = 1024;

    /// <summary>How often the collector is asked to look for abandoned bodies while the budget is used up.</summary>
    private static readonly TimeSpan CollectEvery = TimeSpan.FromSeconds(1);

    private readonly ByteBudget _unproven = new(UnprovenBudgetBytes);
    private long _collectedAt = long.MinValue;

    /// <summary>Bytes held for callers not yet proven.</summary>
    public long UnprovenUsed => _unproven.Used;

    /// <summary>
    /// Reads the body. Null and a problem when it is over <paramref name="maxBytes"/> (413), came too slowly (408) or the budget is used up (503).
    /// </summary>
    /// <param name="proven">
    /// Whether the caller's secret or signature has been verified. A proven caller's stated length is reserved up front; everybody else's
    /// buffer, and one without a stated length, doubles as bytes arrive.
    /// </param>
    public async ValueTask<(RentedBody? Body, Problem? Problem)> Read(HttpRequest request, int maxBytes, TimeSpan retryAfter, bool proven = true)
    {
        if (request.ContentLength > maxBytes)
            return (null, Over(maxBytes));
        var aborted = request.HttpContext.RequestAborted;
        using var late = new CancellationTokenSource(proven ? Deadline : UnprovenDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, late.Token);
        try
        {
            return await Read(request, maxBytes, retryAfter, proven, either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            request.HttpContext.Response.Headers.Connection = "close"; // What is left of the body is not worth waiting for.
            return (null, Problems.OfStatus(StatusCodes.Status408RequestTimeout));
        }
    }

    private async ValueTask<(RentedBody? Body, Problem? Problem)> Read(
        HttpRequest request, int maxBytes, TimeSpan retryAfter, bool proven, CancellationToken cancel)
    {
        var busy = Problems.Unavailable("The server holds as many bodies as it can at the moment.", retryAfter);
        var payer = proven ? budget : _unproven;
        var stated = (int?)request.ContentLength;
        var buffer = Rent(payer, proven ? stated ?? Math.Min(FirstBuffer, maxBytes) : Math.Min(stated ?? maxBytes, FirstUnprovenBuffer));
        if (buffer is null)
            return (null, busy);
        var length = 0;
        try
        {
            while (length != stated)
            {
                if (length == buffer.Length)
                {
                    // A body of just the limit needs one byte more to show its end.
                    if (Rent(payer, Math.Min(buffer.Length * 2, maxBytes + 1)) is not { } larger)
                        return (null, busy);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    (buffer, var smaller) = (larger, buffer);
                    GiveBack(payer, smaller);
                }

                var read = await request.Body.ReadAsync(buffer.AsMemory(length), cancel);
                if (read == 0)
                    break;
                length += read;
                if (length > maxBytes)
                    return (null, Over(maxBytes));
            }

            var body = new RentedBody(payer, buffer, length);
            buffer = null;
            return (body, null);
        }
        finally
        {
            if (buffer is not null)
                GiveBack(payer, buffer);
        }
    }

    private byte[]? Rent(ByteBudget payer, int size)
    {
        // The pool hands out powers of two; what is paid for is what is held, not what was asked for.
        var held = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(size, 16));
        if (payer.TryReserve(held))
            return ArrayPool<byte>.Shared.Rent(held);
        if (payer.Abandoned > 0)
            AskCollector();
        return null;
    }

    // While everything is refused little is allocated, so the collector might not come by itself for long.
    private void AskCollector()
    {
        var (last, now) = (Interlocked.Read(ref _collectedAt), time.GetTimestamp());
        if ((last == long.MinValue || time.GetElapsedTime(last, now) >= CollectEvery) && Interlocked.CompareExchange(ref _collectedAt, now, last) == last)
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
    }

    private static void GiveBack(ByteBudget payer, byte[] buffer)
    {
        ArrayPool<byte>.Shared.Return(buffer);
        payer.Release(buffer.Length);
    }

    private static Problem Over(int maxBytes) => Problems.TooLarge($"The body is over {maxBytes} bytes.");
}
