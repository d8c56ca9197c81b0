namespace EsoCore.Grains.Notifications;

/// <summary>Takes out notices that were taken before: they come again when their giver did not hear that they were.</summary>
internal sealed class DeduplicateStage : INotifierStage
{
    /// <inheritdoc/>
    public void Run(NotifierTurn turn)
    {
        turn.Arrived.RemoveAll(notice => !turn.State.Known.Add(notice.Id));
        turn.HasChanged |= turn.Arrived.Count > 0;
    }
}
