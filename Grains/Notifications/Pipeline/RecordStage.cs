using EsoCore.Grains.Common;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Writes down what became of messages: each as an item that people list, and its end in the audit trail. A message is recorded as
/// delivered
/// after it was sent, never before.
/// </summary>
internal sealed class RecordStage : INotifierStage
{
    /// <inheritdoc/>
    public void Run(NotifierTurn turn)
    {
        foreach (var delivery in turn.Changed.Values)
        {
            turn.Items.Add(Item(delivery));
            if (delivery.Status != DeliveryStatus.Pending)
                turn.Log.Add(Line(turn, delivery));
        }
    }

    /// <summary>The owner under which a recipient's notifier writes.</summary>
    public static string OwnerOf(string recipient) => $"notifier/{recipient}";

    private static WorkItem Item(DeliveryState delivery) => new(
        WorkKinds.Delivery, delivery.Id, OwnerOf(delivery.Recipient), TemplateContext.Word(delivery.Status), delivery.Severity,
        delivery.Incident?.RuleId, delivery.Incident?.DeviceId, delivery.Incident?.SiteId, delivery.Incident?.AssetId,
        delivery.Incident?.Id,
        delivery.CreatedAt, NotificationJson.Write(delivery));

    private static LogEntry Line(NotifierTurn turn, DeliveryState delivery)
    {
        var action = $"notification.{TemplateContext.Word(delivery.Status)}";
        return new LogEntry(
            StableId.Of(action, delivery.Id.ToString("D"), $"{turn.Now.UtcTicks}"), turn.Now, "system", action,
            delivery.Incident?.Id, delivery.Incident?.DeviceId,
            NotificationJson.Write(new
            {
                delivery = delivery.Id,
                recipient = delivery.Recipient,
                person = delivery.Person,
                meant_for = delivery.MeantFor?.Select(m => m.Id),
                channel = delivery.Channel,
                kind = delivery.Kind,
                address = delivery.To,
                subject = delivery.Subject,
                attempts = delivery.Attempts,
                reason = delivery.Reason,
                detail = delivery.Detail,
                template_fault = delivery.TemplateFault,
                notices = delivery.Total,
            }));
    }
}
