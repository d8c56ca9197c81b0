using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Takes out what is to tell nobody, and says so in the audit trail. The end of an incident is not muted: whoever heard of its opening
/// hears of its end.
/// </summary>
internal sealed class MuteStage : INotifierStage
{
    /// <inheritdoc/>
    public void Run(NotifierTurn turn) => turn.Arrived.RemoveAll(notice =>
    {
        if (notice.Kind == NoticeKind.Resolved
            || Muting.Reason(notice.Incident, turn.Book, Facts(turn, notice), turn.Now) is not { } reason)
            return false;
        turn.Tell("notification.muted", notice, new
        {
            recipient = turn.Recipient,
            notice = notice.Id,
            kind = notice.Kind,
            incident = notice.Incident.Id,
            title = notice.Incident.Title,
            reason,
        });
        return true;
    });

    private static DeviceFacts? Facts(NotifierTurn turn, Notice notice) => turn.Devices.GetValueOrDefault(notice.Incident.Source.DeviceId);
}
