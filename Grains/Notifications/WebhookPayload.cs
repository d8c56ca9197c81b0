using EsoCore.Incidents;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>What a webhook is sent: what a person would read, and the incidents behind it for a program.</summary>
/// <param name="Type">Always <c>notification</c>.</param>
/// <param name="Id">The delivery's id and idempotency key.</param>
/// <param name="Total">How many notices there are.</param>
/// <param name="Notices">The gravest of them, at most 20.</param>
/// <param name="Named">The next of them, by name, at most 500; those beyond are counted in <paramref name="Total"/>.</param>
/// <param name="Query">The call that lists the incidents.</param>
internal sealed record WebhookPayload(
    string Type, Guid Id, Guid ProjectId, string Recipient, DateTimeOffset At, string Severity, string Subject, string Text, int Total,
    ImmutableArray<WebhookNotice> Notices, ImmutableArray<DeliveryNotice> Named, string Query)
{
    /// <summary>The payload of a message as JSON.</summary>
    public static string Of(Guid id, NotifierTurn turn, AddressedMessage message, RenderedText text) =>
        NotificationJson.Write(new WebhookPayload(
        "notification", id, turn.ProjectId, turn.Recipient, turn.Now, TemplateContext.Gravest(message.Notices), text.Subject, text.Text,
        message.Notices.Length + message.Omitted, [.. message.Notices.Select(n => new WebhookNotice(n.Id, n.Kind, n.At, n.Incident))],
        message.Named, message.Query));
}

/// <summary>A notice as a webhook is sent it.</summary>
internal sealed record WebhookNotice(Guid Id, NoticeKind Kind, DateTimeOffset At, Incident Incident);
