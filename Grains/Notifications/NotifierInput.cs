using EsoCore.Notifications;

namespace EsoCore.Grains.Notifications;

/// <summary>Something that a notifier is to take into its next commit.</summary>
internal sealed class NotifierInput
{
    /// <summary>Notices handed over.</summary>
    public ImmutableArray<Notice> Notices { get; init; } = [];

    /// <summary>How a message fared, or null.</summary>
    public SendReport? Report { get; init; }

    /// <summary>A dead delivery to send again, or null.</summary>
    public Revival? Revival { get; init; }

    /// <summary>Whether the reminder asks if it is still needed.</summary>
    public bool IsReminder { get; init; }

    /// <summary>Ends with the commit, for whoever waits for it.</summary>
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
