using EsoCore.Grains.Common;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Makes messages of notices. Their words are fixed here and committed, so that an attempt repeated after a crash sends the same bytes.
/// </summary>
internal sealed class RenderStage(TemplateRenderer renderer) : INotifierStage
{
    /// <inheritdoc/>
    public void Run(NotifierTurn turn)
    {
        foreach (var message in turn.Addressed)
        {
            var delivery = Make(turn, message);
            if (message.Target is null)
                delivery = Dead(turn, delivery, message.Reason!) with { MeantFor = message.Missed, Meant = message.Meant };
            else if (!turn.State.HasRoomFor(delivery))
                delivery = Dead(turn, delivery, "too_many_waiting");
            turn.Set(delivery);
        }
    }

    private DeliveryState Make(NotifierTurn turn, AddressedMessage message)
    {
        var (notices, target) = (message.Notices, message.Target);
        var (first, total) = (notices[0], notices.Length + message.Omitted);
        var kind = target?.Kind ?? ChannelKinds.Email;
        var template = DefaultTemplates.Id(kind, total == 1 ? TemplateContext.Word(first.Kind) : DefaultTemplates.Group);
        var bounds = MessageBounds.Of(kind);
        var text = renderer.Render(template, turn.Book.Templates.GetValueOrDefault(template),
            TemplateContext.Of(turn.Recipient, notices, total, message.Named, message.Query, bounds), bounds.Text);
        var severity = TemplateContext.Gravest(notices);
        var id = message.Id ?? StableId.Of(
        [
            turn.ProjectId.ToString("D"), turn.Recipient, target?.Key ?? "", $"{turn.Now.UtcTicks}",
            .. notices.Select(n => n.Id.ToString("D")),
        ]);
        var next = target?.Release(severity, turn.Now) ?? turn.Now;
        return new DeliveryState(
            id, turn.Recipient, target?.Person, target?.Channel, target?.Kind, target?.To, text.Subject, text.Text,
            kind == ChannelKinds.Webhook ? WebhookPayload.Of(id, turn, message, text) : "", severity,
            [.. notices.Select(NoticeKeeper.Line)],
            total, text.Fault, message.MadeAt ?? turn.Now, next, Incident(first)) { SendableFrom = next };
    }

    private static DeliveryState Dead(NotifierTurn turn, DeliveryState delivery, string reason) =>
        delivery with { Status = DeliveryStatus.Dead, Reason = reason, FinishedAt = turn.Now, NextAt = null };

    private static DeliveryIncident Incident(Notice first)
    {
        var source = first.Incident.Source;
        return new DeliveryIncident(
            first.Incident.Id, first.Incident.RuleId, source.DeviceId == Guid.Empty ? null : source.DeviceId, source.SiteId,
            source.AssetId);
    }
}
