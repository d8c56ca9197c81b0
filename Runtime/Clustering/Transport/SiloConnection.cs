using System.Buffers.Binary;
using System.Net.Sockets;
using EsoCore.Runtime.Serialization;

namespace EsoCore.Runtime.Clustering;

/// <summary>One connection after its handshake: frames out through a queue, frames in by a loop.</summary>
internal sealed class SiloConnection
{
    /// <summary>The largest frame in bytes: the largest message and room for what surrounds it.</summary>
    internal const int MaxFrameBytes = MessageLimits.MaxBytes;

    private const int BufferBytes = 64 * 1024;

    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly SendQueue _queue;
    private readonly Action<ReadOnlyMemory<byte>, bool> _onFrame;
    private readonly Action<Exception?> _onClosed;
    private int _closed;

    public SiloConnection(
        Socket socket, Stream stream, long maxQueuedBytes, Action<ReadOnlyMemory<byte>, bool> onFrame, Action<Exception?> onClosed)
    {
        _socket = socket;
        _stream = stream;
        _onFrame = onFrame;
        _onClosed = onClosed;
        _queue = new SendQueue(stream, maxQueuedBytes, OnQueueOver);
    }

    public long QueuedBytes => _queue.QueuedBytes;

    public bool TrySend(ReadOnlySpan<byte> frame, bool alone, bool force) => _queue.TrySend(frame, alone, force);

    public void CloseWhenSent() => _queue.Finish();

    public void Start() => _ = Detached.Run(ReceiveAsync);

    public void Close(Exception? why)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0) return;
        _queue.Close();
        _stream.Dispose();
        _onClosed(why);
    }

    private void OnQueueOver(Exception? why)
    {
        if (why is not null)
        {
            Close(why);
            return;
        }

        try
        {
            // Only this direction: closing both would take back what is still on its way. The other side closes when it has read all.
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Close(exception);
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            byte[] buffer = new byte[BufferBytes];
            int start = 0, end = 0;
            while (true)
            {
                int read = await _stream.ReadAsync(buffer.AsMemory(end)).ConfigureAwait(false);
                if (read == 0) break;
                end += read;
                int needed;
                while ((needed = TakeFrame(buffer, ref start, end)) == 0)
                {
                }

                if (needed > BufferBytes)
                {
                    await ReceiveLargeAsync(buffer.AsMemory(start, end - start), needed - SendQueue.HeaderBytes).ConfigureAwait(false);
                    (start, end) = (0, 0);
                }
                else if (start == end)
                {
                    (start, end) = (0, 0);
                }
                else if (start + needed > BufferBytes)
                {
                    Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
                    (start, end) = (0, end - start);
                }
            }

            // The other side has nothing more to say, and has got all that it waited for.
            Close(null);
        }
        catch (Exception exception)
        {
            Close(exception);
        }
    }

    /// <summary>Hands one whole frame on and returns 0, or returns how many bytes are needed for it from the start.</summary>
    private int TakeFrame(byte[] buffer, ref int start, int end)
    {
        if (end - start < SendQueue.HeaderBytes) return SendQueue.HeaderBytes;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(start));
        if (length is 0 or > MaxFrameBytes) throw new LinkException($"A frame of {length} bytes came; the most is {MaxFrameBytes}.");
        int whole = SendQueue.HeaderBytes + (int)length;
        if (end - start < whole) return whole;
        _onFrame(buffer.AsMemory(start + SendQueue.HeaderBytes, (int)length), false);
        start += whole;
        return 0;
    }

    /// <summary>A frame that the buffer does not hold gets memory of its own, which what is read from it may keep.</summary>
    private async Task ReceiveLargeAsync(ReadOnlyMemory<byte> begun, int length)
    {
        byte[] frame = GC.AllocateUninitializedArray<byte>(length);
        begun.Span[SendQueue.HeaderBytes..].CopyTo(frame);
        await _stream.ReadExactlyAsync(frame.AsMemory(begun.Length - SendQueue.HeaderBytes)).ConfigureAwait(false);
        _onFrame(frame, true);
    }
}
