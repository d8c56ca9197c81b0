namespace EsoCore.Grains.Storage;

/// <summary>Rows of reminders: what both engines' <c>IReminderTable</c> is made of.</summary>
public interface IReminderStore
{
    /// <summary>All reminders of a grain.</summary>
    Task<ImmutableArray<ReminderRow>> Read(string grainId, CancellationToken cancel);

    /// <summary>All reminders whose grain hash lies in (begin, end], wrapping around when begin &gt;= end.</summary>
    Task<ImmutableArray<ReminderRow>> Read(uint begin, uint end, CancellationToken cancel);

    /// <summary>Inserts or replaces; the new ETag.</summary>
    Task<string> Upsert(ReminderRow row, CancellationToken cancel);

    /// <summary>Removes the row if its ETag stands; whether it did.</summary>
    Task<bool> Remove(string grainId, string name, string etag, CancellationToken cancel);
}

/// <summary>One reminder.</summary>
public sealed record ReminderRow(string GrainId, uint GrainHash, string Name, DateTimeOffset StartAt, TimeSpan Period, string Etag);
