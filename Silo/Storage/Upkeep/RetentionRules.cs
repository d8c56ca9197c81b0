namespace EsoCore.Silo.Storage;

/// <summary>What retention promises on both engines.</summary>
internal static class RetentionRules
{
    /// <summary>A project's floor moves in steps of this, so that it is not walked through for every minute that passes.</summary>
    public static readonly TimeSpan FloorStep = TimeSpan.FromHours(1);

    /// <summary>
    /// A floor that was raised rejects at once, but what lies below it is hidden and deleted only after this: by then nobody takes records
    /// that would be compared with what is gone. Longer than twice the age of the floors that device grains go by.
    /// </summary>
    public static readonly TimeSpan Lag = TimeSpan.FromSeconds(30);

    /// <summary>How long the batch ledger and rejected records are kept.</summary>
    public static readonly TimeSpan KeptAge = TimeSpan.FromDays(30);

    /// <summary>Rejected records kept of a device.</summary>
    public const int RejectedPerDevice = 1_000;
}
