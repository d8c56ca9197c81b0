using System.Buffers;

namespace EsoCore.Grains.Telemetry;

/// <summary>
/// Where a body is inflated to: one contiguous pooled array that doubles as it fills, so that a small batch takes little and a bomb is
/// stopped at the limit. Contiguous, since one span is read about twice as fast as a chain of segments.
/// </summary>
internal sealed class DecodeBuffer(DecodeBudget budget, int limit) : IBufferWriter<byte>, IDisposable
{
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
        Ensure(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(_length);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(Math.Max(sizeHint, 1));
        return _bytes.AsSpan(_length);
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

    private void Ensure(int free)
    {
        if (_bytes.Length - _length >= free)
            return;
        // A decoder may ask for room past the limit before it knows that nothing more comes; only Advance decides.
        var size = (int)Math.Min(Math.Max(2L * _bytes.Length, Math.Max(64 << 10, _length + (long)free)), Math.Max(limit, (long)_length + free));
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
    }
}

/// <summary>Inflating was stopped: the body is over its limit, or else the process is out of decode budget for now.</summary>
internal sealed class DecodeLimitException(bool OverLimit) : Exception
{
    internal bool OverLimit { get; } = OverLimit;
}
