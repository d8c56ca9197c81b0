namespace EsoCore.Runtime;

/// <summary>A grain that can have reminders.</summary>
public interface IRemindable : IGrain
{
    /// <summary>
    /// Called when a reminder is due, activating the grain if need be. It may come once more after a restart, so it must be harmless to
    /// repeat. Ticks due while no silo ran are left out; the next one comes at its usual time. Only a first tick due less than a period
    /// before the start is made up for.
    /// </summary>
    /// <param name="reminderName">The reminder's name.</param>
    /// <param name="status">When it was due first, its period, and now.</param>
    Task ReceiveReminder(string reminderName, TickStatus status);
}

/// <summary>A reminder of a grain.</summary>
public interface IGrainReminder
{
    /// <summary>Its name, unique within the grain.</summary>
    string ReminderName { get; }
}

/// <summary>When a reminder fires.</summary>
/// <param name="firstTickTime">When it was due first, UTC.</param>
/// <param name="period">The time between ticks.</param>
/// <param name="currentTickTime">When this tick was sent, UTC.</param>
[GenerateSerializer, Immutable]
public readonly struct TickStatus(DateTime firstTickTime, TimeSpan period, DateTime currentTickTime)
{
    /// <summary>When it was due first, UTC.</summary>
    [Id(0)]
    public DateTime FirstTickTime { get; } = firstTickTime;

    /// <summary>The time between ticks.</summary>
    [Id(1)]
    public TimeSpan Period { get; } = period;

    /// <summary>When this tick was sent, UTC.</summary>
    [Id(2)]
    public DateTime CurrentTickTime { get; } = currentTickTime;

    /// <inheritdoc/>
    public override string ToString() => $"<{FirstTickTime:O}, {Period}, {CurrentTickTime:O}>";
}

/// <summary>A reminder could not be changed because someone else changed it first.</summary>
public sealed class ReminderException(string message) : Exception(message);
