namespace EsoCore.Grains.Rules.Conditions;

/// <summary>A number, or so many percent of a rated value of the device (<c>thresholds</c> of its profile or its own settings).</summary>
/// <param name="Number">The number, or the percentage where <paramref name="Rated"/> is set.</param>
/// <param name="Rated">The name of the rated value, or null.</param>
internal sealed record Level(double Number, string? Rated = null)
{
    /// <summary>The number in force; null when the device has no such rated value: the rule then does not concern it.</summary>
    internal double? Resolve(RatedValues rated) => Rated is null ? Number : rated.Find(Rated) * Number / 100;
}

/// <summary>
/// When a value is out (above, below, or either, which is outside a range) and when it is back. Between the two it stays what it was
/// (hysteresis).
/// </summary>
/// <param name="Above">Out above this, or null.</param>
/// <param name="Below">Out below this, or null.</param>
/// <param name="ClearAbove">Back at or below this; null: at <paramref name="Above"/>.</param>
/// <param name="ClearBelow">Back at or above this; null: at <paramref name="Below"/>.</param>
internal sealed record Limits(Level? Above, Level? Below, Level? ClearAbove, Level? ClearBelow)
{
    /// <summary>The numbers for one device, or null when a rated value is not known.</summary>
    internal ResolvedLimits? Resolve(RatedValues rated)
    {
        var (above, below) = (Above?.Resolve(rated), Below?.Resolve(rated));
        if ((Above is not null && above is null) || (Below is not null && below is null))
            return null;
        return new ResolvedLimits(
            above ?? double.PositiveInfinity,
            below ?? double.NegativeInfinity,
            ClearAbove?.Resolve(rated) ?? above ?? double.PositiveInfinity,
            ClearBelow?.Resolve(rated) ?? below ?? double.NegativeInfinity);
    }
}

/// <summary>Limits as numbers; infinite where there is none.</summary>
internal readonly record struct ResolvedLimits(double Above, double Below, double ClearAbove, double ClearBelow)
{
    internal bool IsOut(double value) => value > Above || value < Below;

    internal bool IsBack(double value) => value <= ClearAbove && value >= ClearBelow;

    /// <summary>The limit that a value is out of.</summary>
    internal double LimitOf(double value) => value < Below ? Below : Above;

    /// <summary>How far out a value is; the farthest one of an episode is what people are told.</summary>
    internal double Excess(double value) => Math.Max(value - Above, Below - value);
}
