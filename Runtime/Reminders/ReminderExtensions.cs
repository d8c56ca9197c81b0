using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime;

/// <summary>Registers and finds the reminders of a grain.</summary>
public static class GrainReminderExtensions
{
    /// <summary>
    /// Registers a reminder, or changes the one of this name. When the task ends it is stored and survives deactivation and restarts.
    /// </summary>
    /// <param name="grain">A grain that implements <see cref="IRemindable"/>.</param>
    /// <param name="reminderName">The name, unique within the grain.</param>
    /// <param name="dueTime">The time until the first tick; zero or more.</param>
    /// <param name="period">The time between ticks; at least one minute.</param>
    /// <exception cref="ArgumentException">The period is under one minute, the due time is negative, or the name is empty.</exception>
    /// <exception cref="InvalidOperationException">The grain is not <see cref="IRemindable"/>, or no reminder table is
    /// registered.</exception>
    public static Task<IGrainReminder> RegisterOrUpdateReminder(
        this IGrainBase grain, string reminderName, TimeSpan dueTime, TimeSpan period)
    {
        if (grain is not IRemindable)
            throw new InvalidOperationException($"{grain.GetType()} has no reminders because it is not {nameof(IRemindable)}.");
        return Service(grain).RegisterOrUpdateAsync(grain.GrainContext.GrainId, reminderName, dueTime, period);
    }

    /// <summary>Removes a reminder. A tick already on its way may still arrive.</summary>
    /// <exception cref="ReminderException">It was changed since this object was got.</exception>
    public static Task UnregisterReminder(this IGrainBase grain, IGrainReminder reminder) =>
        Service(grain).UnregisterAsync(grain.GrainContext.GrainId, reminder);

    /// <summary>The reminder of this name, or null.</summary>
    public static Task<IGrainReminder?> GetReminder(this IGrainBase grain, string reminderName) =>
        Service(grain).GetAsync(grain.GrainContext.GrainId, reminderName);

    /// <summary>All reminders of the grain.</summary>
    public static Task<List<IGrainReminder>> GetReminders(this IGrainBase grain) => Service(grain).GetAllAsync(grain.GrainContext.GrainId);

    private static ReminderService Service(IGrainBase grain) => ((Activation)grain.GrainContext).Runtime.Reminders
        ?? throw new InvalidOperationException(
            "No reminder table is registered: call UseReminderTable or UseInMemoryReminderService when setting up the silo.");
}
