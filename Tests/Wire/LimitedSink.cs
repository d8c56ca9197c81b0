using System.Buffers;

namespace EsoCore.Tests.Wire;

internal sealed class LimitReachedException : Exception;

/// <summary>Throws as soon as more than its limit was written, as a server's sink does.</summary>
internal sealed class LimitedSink(int limit) : IBufferWriter<byte>
{
    private byte[] _window = [];

    public int Written { get; private set; }

    public int LargestStep { get; private set; }

    public void Advance(int count)
    {
        Written += count;
        LargestStep = Math.Max(LargestStep, count);
        if (Written > limit)
            throw new LimitReachedException();
    }

    // Twice what was asked for, as a pooled buffer may give: the codec has to keep to its window all the same.
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        var size = 2 * Math.Max(sizeHint, 16);
        if (_window.Length < size)
            _window = new byte[size];
        return _window;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        GetSpan(sizeHint);
        return _window;
    }
}
