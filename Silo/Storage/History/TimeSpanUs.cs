namespace EsoCore.Silo.Storage;

/// <summary>A half-open span of stored time: from (included) to (excluded), in microseconds.</summary>
internal readonly record struct TimeSpanUs(long FromUs, long ToUs)
{
    /// <summary>Before every stored time, with room to subtract a day.</summary>
    public const long MinUs = long.MinValue / 2;

    /// <summary>After every stored time.</summary>
    public const long MaxUs = long.MaxValue / 2;

    /// <summary>The span of a query; null is open. A time between two microseconds counts as the later, on both sides.</summary>
    public static TimeSpanUs Of(DateTimeOffset? from, DateTimeOffset? to) =>
        new(from is { } f ? Micros.Ceiling(f) : MinUs, to is { } t ? Micros.Ceiling(t) : MaxUs);

    /// <summary>The part of it that is not before a time.</summary>
    public TimeSpanUs NotBefore(long us) => this with { FromUs = Math.Max(FromUs, us) };

    /// <summary>Whether it holds no time at all.</summary>
    public bool IsEmpty => FromUs >= ToUs;
}
