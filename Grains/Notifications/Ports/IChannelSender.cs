using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>The port to one kind of channel. It makes one attempt and never repeats by itself.</summary>
public interface IChannelSender
{
    /// <summary>One of <see cref="ChannelKinds"/>.</summary>
    string Kind { get; }

    /// <summary>Sends. Throws nothing but what <paramref name="cancel"/> asks for; whatever else it throws counts as retryable.</summary>
    Task<SendResult> Send(OutgoingMessage message, CancellationToken cancel);
}

/// <summary>A message on its way out.</summary>
/// <param name="Key">Its idempotency key, the same at each attempt.</param>
/// <param name="Access">The channel, secrets included.</param>
/// <param name="To">Where to within the channel; empty for channels that lead to one place.</param>
/// <param name="Payload">JSON of incident and notices for machines; empty for messages to people.</param>
/// <param name="Fields">
/// What placeholders of templated requests stand for, beside <c>to</c>, <c>subject</c>, <c>text</c> and <c>key</c>.
/// </param>
/// <param name="At">When it was made.</param>
public sealed record OutgoingMessage(
    Guid Key,
    ChannelAccess Access,
    string To,
    string Subject,
    string Text,
    string Severity,
    string Payload,
    ImmutableSortedDictionary<string, string> Fields,
    DateTimeOffset At);

/// <summary>A channel opened for use.</summary>
/// <param name="Trusted">Whether the administrator set it, so that its target need not be public.</param>
public sealed record ChannelAccess(ChannelSettings Settings, ChannelSecrets Secrets, bool Trusted);

/// <summary>How an attempt ended.</summary>
public enum SendOutcome
{
    /// <summary>The target took the message.</summary>
    Delivered,

    /// <summary>It may take it later: it is busy, away or unreachable.</summary>
    Retryable,

    /// <summary>It will not take this message however often it is tried.</summary>
    Permanent,
}

/// <summary>How an attempt ended.</summary>
/// <param name="Detail">What the target said, for people. No secrets.</param>
/// <param name="RetryAfter">When the target asked to be tried again, or null.</param>
/// <param name="ChannelRefused">Whether it refused the channel (login, address, right) rather than the message.</param>
public sealed record SendResult(SendOutcome Outcome, string Detail, TimeSpan? RetryAfter = null, bool ChannelRefused = false)
{
    /// <summary>Taken.</summary>
    public static SendResult Delivered(string detail) => new(SendOutcome.Delivered, detail);

    /// <summary>Perhaps later.</summary>
    public static SendResult Retryable(string detail, TimeSpan? retryAfter = null) => new(SendOutcome.Retryable, detail, retryAfter);

    /// <summary>Never.</summary>
    public static SendResult Permanent(string detail, bool channelRefused = false) =>
        new(SendOutcome.Permanent, detail, ChannelRefused: channelRefused);
}
