namespace EsoCore.Grains.Anomalies;

/// <summary>What is unusual about a point. The numbers are kept in stored state and never change their meaning.</summary>
public enum AnomalyKind
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The value is above what is usual at this hour, or at all where the series has no season.</summary>
    High = 1,

    /// <summary>The value is below what is usual.</summary>
    Low = 2,

    /// <summary>The value differs from the one before by more than is usual, in either direction.</summary>
    Jump = 3,

    /// <summary>The last few values together stand off their baseline.</summary>
    ShortShift = 4,

    /// <summary>The values of the last hours together stand off their baseline: a new level or a drift.</summary>
    LongShift = 5,

    /// <summary>The values change more from one to the next than is usual.</summary>
    MoreVariable = 6,

    /// <summary>The values change less from one to the next than is usual.</summary>
    LessVariable = 7,

    /// <summary>The value has stayed exactly the same for longer than is usual: a stuck sensor.</summary>
    Stuck = 8,
}
