namespace EsoCore.Notifications;

/// <summary>A way out of the installation. Key: <c>project/channel id</c>.</summary>
public interface IChannelGrain : IGrainWithStringKey
{
    /// <summary>The channel without its secrets, or null.</summary>
    [AlwaysInterleave]
    Task<Versioned<ChannelDefinition>?> Get();

    /// <summary>
    /// Creates the channel (<paramref name="onlyCreate"/>: or answers that there is one) or replaces the definition. Secrets that are not
    /// given stay as they are, unless the kind changes. <see cref="ChannelDefinition.Enabled"/> takes a disabled channel back into use.
    /// </summary>
    Task<EditResult<ChannelDefinition>> Put(ChannelDefinition definition, ChannelSecrets secrets, long? expectedVersion, bool onlyCreate);

    /// <summary>Takes the channel away; what waits for it is dead.</summary>
    Task<EditResult<ChannelDefinition>> Delete(long? expectedVersion);

    /// <summary>Sends a test message now; null when there is no such channel. Disabled ones can be tested too.</summary>
    /// <param name="to">An address for channels that need one; null: the first of their own.</param>
    [AlwaysInterleave, ResponseTimeout("00:00:30")]
    Task<ChannelTest?> Test(string? to);

    /// <summary>
    /// Hears how a message fared. After <see cref="MaxFaults"/> messages in a row that the channel was refused for, for some minutes each,
    /// it is disabled, and the project's owner is told.
    /// </summary>
    /// <param name="refused">Whether the target refused the channel itself: its login, its address, its right.</param>
    /// <param name="detail">What the target said.</param>
    Task Fared(bool refused, string detail);

    /// <summary>Refusals in a row after which a channel is disabled.</summary>
    const int MaxFaults = 5;
}

/// <summary>The kinds of channels.</summary>
public static class ChannelKinds
{
    /// <summary>Mail by SMTP.</summary>
    public const string Email = "email";

    /// <summary>Text messages through an HTTP gateway.</summary>
    public const string Sms = "sms";

    /// <summary>An incoming webhook of Slack.</summary>
    public const string Slack = "slack";

    /// <summary>A workflow webhook of Microsoft Teams.</summary>
    public const string Teams = "teams";

    /// <summary>A signed POST of incident and notices.</summary>
    public const string Webhook = "webhook";

    /// <summary>A POST to a ticket system.</summary>
    public const string Ticket = "ticket";

    /// <summary>All of them.</summary>
    public static ImmutableArray<string> All { get; } = [Email, Slack, Sms, Teams, Ticket, Webhook];
}

/// <summary>A way out of the installation. Secrets are set apart and never shown.</summary>
/// <param name="Name">1 to 128 characters.</param>
/// <param name="Kind">One of <see cref="ChannelKinds"/>.</param>
/// <param name="Enabled">Whether messages go through it.</param>
/// <param name="Settings">What its kind needs.</param>
/// <param name="Target">Where it leads, as far as it may be shown: scheme and host. Set by the server.</param>
/// <param name="Secrets">Names of the secrets that are set. Set by the server.</param>
/// <param name="DisabledReason">Why the server disabled it, or null. Set by the server.</param>
/// <param name="DisabledAt">When. Set by the server.</param>
[GenerateSerializer, Immutable, Alias("channel-definition")]
public sealed record ChannelDefinition(
    string Name,
    string Kind,
    bool Enabled,
    ChannelSettings Settings,
    string? Target,
    ImmutableArray<string> Secrets,
    string? DisabledReason,
    DateTimeOffset? DisabledAt);

/// <summary>What a channel needs to know, by kind; what its kind does not name is passed over.</summary>
/// <param name="To">email, sms: addresses for messages to the channel itself; at most <see cref="MaxTo"/>.</param>
/// <param name="Host">email: the SMTP server.</param>
/// <param name="Port">email: default 587.</param>
/// <param name="Security">email: <c>starttls</c> (default; refused without), <c>tls</c> from the first byte, or <c>none</c>.</param>
/// <param name="User">email: the login, or null for none.</param>
/// <param name="From">email: the sender's address.</param>
/// <param name="Method">sms, ticket: <c>POST</c> (default), <c>PUT</c> or, for sms, <c>GET</c>.</param>
/// <param name="ContentType">sms, ticket: of the body; default <c>application/json</c>. Decides how placeholders are escaped.</param>
/// <param name="Body">sms, ticket: the body with placeholders such as <c>{{to}}</c> and <c>{{text}}</c>; at most 8,192 characters.</param>
[GenerateSerializer, Immutable, Alias("channel-settings")]
public sealed record ChannelSettings(
    ImmutableArray<string> To,
    string? Host = null,
    int? Port = null,
    string? Security = null,
    string? User = null,
    string? From = null,
    string? Method = null,
    string? ContentType = null,
    string? Body = null)
{
    /// <summary>Addresses of a channel's own.</summary>
    public const int MaxTo = 20;
}

/// <summary>What a channel keeps to itself. Null: as it was; an empty text or map: none any more.</summary>
/// <param name="Url">Where HTTP goes: such addresses often hold a token.</param>
/// <param name="Password">email: of the login.</param>
/// <param name="Secret">webhook: what its signatures are made with.</param>
/// <param name="Headers">sms, ticket: request headers; at most 16.</param>
[GenerateSerializer, Immutable, Alias("channel-secrets")]
public sealed record ChannelSecrets(
    string? Url = null, string? Password = null, string? Secret = null, ImmutableSortedDictionary<string, string>? Headers = null)
{
    /// <summary>Says nothing: records are written into logs.</summary>
    public override string ToString() => "(secrets)";
}

/// <summary>How a test message fared.</summary>
/// <param name="Outcome"><c>delivered</c>, <c>retryable</c> or <c>permanent</c>.</param>
/// <param name="Detail">What the target answered.</param>
/// <param name="DurationMs">How long it took.</param>
[GenerateSerializer, Immutable, Alias("channel-test")]
public sealed record ChannelTest(string Outcome, string Detail, long DurationMs);
