namespace EsoCore.Api;

/// <summary>Bytes that all bodies in flight may take together. Reserve before renting, release after returning.</summary>
internal sealed class ByteBudget(long limit)
{
    private long _used;
    private long _abandoned;

    public long Limit => limit;

    public long Used => Interlocked.Read(ref _used);

    /// <summary>Bytes, counted in <see cref="Used"/>, of bodies that only the garbage collector can give back.</summary>
    public long Abandoned => Interlocked.Read(ref _abandoned);

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

    /// <summary>Keeps the reservation of a buffer that somebody may still read, until the object that this returns is finalized.</summary>
    public object Abandon(long bytes)
    {
        Interlocked.Add(ref _abandoned, bytes);
        return new Reservation(this, bytes);
    }

    private sealed class Reservation(ByteBudget budget, long bytes)
    {
        ~Reservation()
        {
            Interlocked.Add(ref budget._abandoned, -bytes);
            budget.Release(bytes);
        }
    }
}
