namespace EsoCore.Grains.Incidents;

/// <summary>The limits of what one incident grain holds and hands on.</summary>
internal static class IncidentLimits
{
    /// <summary>
    /// Episodes held one by one where incidents are about a device or an asset; older ones that are over are only counted.
    /// </summary>
    public const int MaxEpisodes = 64;

    /// <summary>The same where they are about a site or the project.</summary>
    public const int MaxEpisodesOfMany = 512;

    /// <summary>
    /// The same where devices are counted, as far as they are concerned now: each by its newest episode, about 75 bytes as stored. Of the
    /// others twice as many as the rule counts, at least <see cref="MaxEpisodesOfMany"/>.
    /// </summary>
    public const int MaxEpisodesOfDevices = 10_000;

    /// <summary>Incidents held; older ones that are resolved live on in their rows and can no longer be reopened.</summary>
    public const int MaxIncidents = 8;

    /// <summary>
    /// Incidents held no longer whose end the correlation has not heard; of older ones it hears when it reads the rows anew.
    /// </summary>
    public const int MaxDeparted = 64;

    /// <summary>
    /// Things waiting to be handed on; beyond it feed entries are left out, then the newest of the rest, which the trail tells.
    /// </summary>
    public const int MaxOutgoing = 512;

    /// <summary>Devices of an incident whose sensors are looked at again once it is over.</summary>
    public const int MaxSensorDevices = 256;

    /// <summary>Recipients of an incident who are told that it is over.</summary>
    public const int MaxTold = 64;

    /// <summary>Devices that can tell of one subject.</summary>
    public const int MaxSources = 100_000;

    /// <summary>Characters of a title.</summary>
    public const int MaxTitle = 256;

    /// <summary>Characters of a text.</summary>
    public const int MaxText = 1_024;

    /// <summary>Characters of an event's meta that an incident carries; longer ones are left out.</summary>
    public const int MaxMeta = 4_096;

    /// <summary>How long what cannot be handed on is tried; the trail tells of what is given up.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(24);

    /// <summary>How long an incident that may be a consequence waits for its cause before people are told.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(15);

    /// <summary>The same for a critical one.</summary>
    public static readonly TimeSpan SettleCritical = TimeSpan.FromSeconds(1.5);

    /// <summary>How long the first notice waits at most for a correlation that does not answer.</summary>
    public static readonly TimeSpan MaxUnheard = TimeSpan.FromSeconds(30);

    /// <summary>How often the correlation is asked about an incident that is held back while its cause goes on.</summary>
    public static readonly TimeSpan HeldCheck = TimeSpan.FromMinutes(5);

    /// <summary>When something that failed is tried again; twice as long after each further failure.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait between tries.</summary>
    public static readonly TimeSpan MaxRetry = TimeSpan.FromMinutes(5);
}
