using System.Buffers;

namespace EsoCore.Grains.Telemetry;

/// <summary>
/// Where a body is inflated to: one contiguous pooled array that doubles as it fills, so that a small batch takes little and a bomb is
/// stopped at the limit. Contiguous, since one span is read about twice as fast as a chain of segments.
/// </summary>
internal sealed class DecodeBuffer(DecodeBudget budget, int limit) : IBufferWriter<byte>, IDisposable
{
    /// <summary>What a decoder gets that asks for room at the limit: it may only want to learn that nothing more comes.</summary>
    private static readonly byte[] Beyond = new byte[64 << 10];

    private byte[] _bytes = [];
    private int _length;

    internal ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    /// <inheritdoc/>
    public void Advance(int count)
    {
        _length += count;
        if (_length > limit)
            throw new DecodeLimitException(OverLimit: true);
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        return Ensure(Math.Max(sizeHint, 1)) ? _bytes.AsMemory(_length) : Beyond;
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        return Ensure(Math.Max(sizeHint, 1)) ? _bytes.AsSpan(_length) : Beyond;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_bytes.Length == 0)
            return;
        budget.Release(_bytes.Length);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _length = 0;
    }

    /// <summary>False: the limit is reached, and whatever is still written would be too much.</summary>
    private bool Ensure(int free)
    {
        if (_bytes.Length - _length >= free)
            return true;
        if (_length >= limit)
            return false;
        var size = (int)Math.Max(Math.Min(2L * _bytes.Length, limit), Math.Max(64 << 10, _length + (long)free));
        var larger = ArrayPool<byte>.Shared.Rent(size);
        if (!budget.TryReserve(larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            throw new DecodeLimitException(OverLimit: false);
        }

        _bytes.AsSpan(0, _length).CopyTo(larger);
        if (_bytes.Length > 0)
        {
            budget.Release(_bytes.Length);
            ArrayPool<byte>.Shared.Return(_bytes);
        }

        _bytes = larger;
        return true;
    }
}

/// <summary>Inflating was stopped: the body is over its limit, or else the process is out of decode budget for now.</summary>
internal sealed class DecodeLimitException(bool OverLimit) : Exception
{
    internal bool OverLimit { get; } = OverLimit;
}
