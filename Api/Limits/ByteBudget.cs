namespace EsoCore.Api;

/// <summary>Bytes that all bodies in flight may take together. Reserve before renting, release after returning.</summary>
internal sealed class ByteBudget(long limit)
{
    private long _used;

    public long Limit => limit;

    public long Used => Interlocked.Read(ref _used);

    /// <summary>False when it would go over the limit; nothing is reserved then.</summary>
    public bool TryReserve(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (Interlocked.Add(ref _used, bytes) <= limit)
            return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    public void Release(long bytes)
    {
        var left = Interlocked.Add(ref _used, -bytes);
        if (left < 0)
            throw new InvalidOperationException("More bytes were released than reserved.");
    }
}
