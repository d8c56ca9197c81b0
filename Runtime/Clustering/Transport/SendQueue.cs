using System.Buffers;
using System.Buffers.Binary;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// The frames that wait for one connection, end to end in one buffer, while the other buffer is being written. So however many frames come
/// in during a write, the next write takes them all.
/// </summary>
internal sealed class SendQueue(Stream stream, long maxBytes, Action<Exception?> failed) : IThreadPoolWorkItem
{
    internal const int HeaderBytes = sizeof(uint);
    private const int InitialBytes = 16 * 1024;
    private const int LargestKept = 1024 * 1024;

    private readonly Lock _gate = new();
    private byte[] _filling = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private byte[] _writing = ArrayPool<byte>.Shared.Rent(InitialBytes);
    private int _filled;
    private int _beingWritten;
    private bool _flushing;
    private bool _finishing;
    private bool _closed;

    /// <summary>Bytes that wait or are being written.</summary>
    public long QueuedBytes
    {
        get
        {
            lock (_gate) return (long)_filled + _beingWritten;
        }
    }

    public bool TrySend(ReadOnlySpan<byte> frame, bool alone, bool force)
    {
        lock (_gate)
        {
            if (_closed || _finishing) return true;

            // A frame beyond the limit passes when nothing else waits, or it never would.
            long waiting = (long)_filled + _beingWritten;
            if (!force && waiting > 0 && waiting + frame.Length > maxBytes) return false;
            if (waiting + frame.Length > Array.MaxLength / 2) return false;
            Append(frame);
            if (_flushing) return true;
            _flushing = true;
        }

        // With nobody else about, the detour over the pool would only cost time; with many, it is what lets them share a write.
        if (alone) _ = FlushAsync(once: true);
        else ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    /// <summary>Takes nothing more, and reports the end without an error when all is written.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            if (_closed || _finishing) return;
            _finishing = true;
            if (_flushing) return;
        }

        failed(null);
    }

    public void Close()
    {
        lock (_gate) _closed = true;
    }

    void IThreadPoolWorkItem.Execute() => _ = FlushAsync(once: false);

    private async Task FlushAsync(bool once)
    {
        try
        {
            while (TakeFilled() is { Length: > 0 } bytes)
            {
                await stream.WriteAsync(bytes).ConfigureAwait(false);
                if (!once) continue;

                // Whoever called has its own work to go on with.
                once = false;
                if (!HasMore()) return;
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
        catch (Exception exception)
        {
            Close();
            failed(exception);
        }
    }

    /// <summary>What waits, or nothing: then the flush is over.</summary>
    private ReadOnlyMemory<byte> TakeFilled()
    {
        bool finished;
        lock (_gate)
        {
            _beingWritten = 0;
            if (_filled > 0 && !_closed)
            {
                (_filling, _writing) = (_writing, _filling);
                (_beingWritten, _filled) = (_filled, 0);
                if (_filling.Length > LargestKept) Replace(InitialBytes);
                return _writing.AsMemory(0, _beingWritten);
            }

            _flushing = false;
            finished = _finishing && !_closed;
        }

        if (finished) failed(null);
        return default;
    }

    private bool HasMore()
    {
        bool finished;
        lock (_gate)
        {
            _beingWritten = 0;
            if (_filled > 0) return true;
            _flushing = false;
            finished = _finishing && !_closed;
        }

        if (finished) failed(null);
        return false;
    }

    private void Append(ReadOnlySpan<byte> frame)
    {
        int needed = _filled + HeaderBytes + frame.Length;
        if (needed > _filling.Length) Replace(Math.Max(needed, 2 * _filling.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(_filling.AsSpan(_filled), (uint)frame.Length);
        frame.CopyTo(_filling.AsSpan(_filled + HeaderBytes));
        _filled = needed;
    }

    private void Replace(int bytes)
    {
        byte[] other = ArrayPool<byte>.Shared.Rent(bytes);
        _filling.AsSpan(0, _filled).CopyTo(other);
        ArrayPool<byte>.Shared.Return(_filling);
        _filling = other;
    }
}
