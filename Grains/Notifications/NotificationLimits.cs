namespace EsoCore.Grains.Notifications;

/// <summary>Bounds of what a notifier holds.</summary>
internal static class NotificationLimits
{
    /// <summary>Notices whose ids are remembered; a repeat of an older one would be told again.</summary>
    public const int KnownNotices = 4_096;

    /// <summary>Notices of one message that are told in full.</summary>
    public const int ShownNotices = 20;

    /// <summary>Further notices of one message that are named, the gravest first; those beyond are counted.</summary>
    public const int NamedNotices = 500;

    /// <summary>The same for all that one recipient's groups gather at a time.</summary>
    public const int NamedInAll = 5_000;

    /// <summary>
    /// Bytes (1 MiB, about) of what a recipient's groups gather in full; beyond it notices are held without meta, and each group tells but
    /// one in full.
    /// </summary>
    public const int GatheredBytes = 1 << 20;

    /// <summary>Groups at one time; notices of further ones share a group.</summary>
    public const int Groups = 256;

    /// <summary>Incidents of which is remembered where their opening went.</summary>
    public const int OpenedIncidents = 1_024;

    /// <summary>Bytes of that memory, 512 KiB; the oldest goes first, and its end is told nobody, which the trail says.</summary>
    public const int OpenedBytes = 512 << 10;

    /// <summary>Notices held until what mutes them ends; of more the least grave are not told any more.</summary>
    public const int HeldNotices = 128;

    /// <summary>Characters of a held notice's text.</summary>
    public const int HeldText = 1_024;

    /// <summary>Messages that wait for one channel; what comes on top is dead at once (<c>too_many_waiting</c>).</summary>
    public const int WaitingOfChannel = 500;

    /// <summary>The same for all channels together.</summary>
    public const int WaitingDeliveries = 2_000;

    /// <summary>Bytes (2 MiB) of messages that wait for one channel; what comes on top is dead at once (<c>too_many_waiting</c>).</summary>
    public const int WaitingBytesOfChannel = 2 << 20;

    /// <summary>The same for all channels together, 8 MiB: the notifier's state is written whole with each step.</summary>
    public const int WaitingBytes = 8 << 20;

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

    /// <summary>
    /// Characters of a text rendered to try a template; what a message can hold is its channel's, see <see cref="MessageBounds"/>.
    /// </summary>
    public const int Text = 16_384;

    /// <summary>Characters of what a target answered that are kept.</summary>
    public const int Detail = 512;
}
