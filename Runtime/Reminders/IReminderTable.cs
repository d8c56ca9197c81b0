namespace EsoCore.Runtime;

/// <summary>Where reminders are kept. Writes for one grain come from that grain's turns, reads from the reminder service.</summary>
public interface IReminderTable
{
    /// <summary>Called once before any other method.</summary>
    Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    /// <summary>All reminders of a grain.</summary>
    Task<ReminderTableData> ReadRows(GrainId grainId);

    /// <summary>
    /// All reminders of grains whose <see cref="GrainId.GetUniformHashCode"/> is above <paramref name="begin"/> and at most <paramref
    /// name="end"/>;
    /// if begin is not less than end, the range wraps around, so that equal bounds mean all.
    /// </summary>
    Task<ReminderTableData> ReadRows(uint begin, uint end);

    /// <summary>One reminder, or null.</summary>
    Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName);

    /// <summary>Writes a reminder over any earlier one of the same name and returns its new ETag.</summary>
    Task<string?> UpsertRow(ReminderEntry entry);

    /// <summary>Removes a reminder; false if it is gone or has another ETag.</summary>
    Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag);

    /// <summary>Removes everything, for tests.</summary>
    Task TestOnlyClearTable();

    /// <summary>Called once after the last other method.</summary>
    Task StopAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;
}

/// <summary>The rows a table returns.</summary>
public sealed class ReminderTableData
{
    /// <summary>These rows.</summary>
    public ReminderTableData(IEnumerable<ReminderEntry> list) => Reminders = new List<ReminderEntry>(list);

    /// <summary>One row.</summary>
    public ReminderTableData(ReminderEntry entry) => Reminders = [entry];

    /// <summary>No rows.</summary>
    public ReminderTableData() => Reminders = [];

    /// <summary>The rows, in no order.</summary>
    public IList<ReminderEntry> Reminders { get; private set; }
}

/// <summary>One row of a reminder table.</summary>
public sealed class ReminderEntry
{
    /// <summary>The grain.</summary>
    public GrainId GrainId { get; set; }

    /// <summary>The reminder's name, unique within the grain.</summary>
    public string ReminderName { get; set; } = null!;

    /// <summary>When it was or is due first, UTC.</summary>
    public DateTime StartAt { get; set; }

    /// <summary>The time between ticks.</summary>
    public TimeSpan Period { get; set; }

    /// <summary>The row's version, given by the table.</summary>
    public string? ETag { get; set; }

    /// <inheritdoc/>
    public override string ToString() => $"<GrainId={GrainId} ReminderName={ReminderName} Period={Period}>";
}
