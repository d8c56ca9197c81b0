namespace EsoCore.Grains.Notifications;

/// <summary>Bounds of what a notifier holds.</summary>
internal static class NotificationLimits
{
    /// <summary>Notices whose ids are remembered; a repeat of an older one would be told again.</summary>
    public const int KnownNotices = 4_096;

    /// <summary>Notices of one message that are told in full; the others are counted.</summary>
    public const int ShownNotices = 20;

    /// <summary>Groups at one time; notices of further ones share a group.</summary>
    public const int Groups = 256;

    /// <summary>Incidents of which is remembered where their opening went.</summary>
    public const int OpenedIncidents = 1_024;

    /// <summary>Notices held until what mutes them ends; of more the least grave are not told any more.</summary>
    public const int HeldNotices = 128;

    /// <summary>Characters of a held notice's text.</summary>
    public const int HeldText = 1_024;

    /// <summary>Messages that wait for one channel; what comes on top is dead at once (<c>too_many_waiting</c>).</summary>
    public const int WaitingOfChannel = 500;

    /// <summary>The same for all channels together.</summary>
    public const int WaitingDeliveries = 2_000;

    /// <summary>Addresses that one message goes to.</summary>
    public const int Targets = 64;

    /// <summary>Calls and reports taken into one commit.</summary>
    public const int InputsPerTurn = 256;

    /// <summary>Calls that wait for their commit; one more is refused.</summary>
    public const int WaitingInputs = 20_000;

    /// <summary>
    /// Attempts before a message that the channel itself was refused for is dead, about five minutes with the default waits: a proxy that
    /// answers 404 while its target is being deployed costs nobody a message. Only the last one counts against the channel.
    /// </summary>
    public const int RefusedAttempts = 7;

    /// <summary>Characters of a rendered subject.</summary>
    public const int Subject = 256;

    /// <summary>Characters of a rendered text.</summary>
    public const int Text = 16_384;

    /// <summary>Characters of what a target answered that are kept.</summary>
    public const int Detail = 512;
}
