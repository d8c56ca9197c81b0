using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Hosting;

/// <summary>Reminders as rows of our own, the same under either engine.</summary>
internal sealed class ReminderTableAdapter(IReminderStore store) : IReminderTable
{
    public async Task<ReminderTableData> ReadRows(GrainId grainId) =>
        new((await store.Read(grainId.ToString(), CancellationToken.None)).Select(ToEntry));

    public async Task<ReminderTableData> ReadRows(uint begin, uint end) =>
        new((await store.Read(begin, end, CancellationToken.None)).Select(ToEntry));

    public async Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) =>
        (await store.Read(grainId.ToString(), CancellationToken.None)).FirstOrDefault(row => row.Name == reminderName) is { } row
            ? ToEntry(row) : null;

    public async Task<string?> UpsertRow(ReminderEntry entry) => await store.Upsert(
        new ReminderRow(
            entry.GrainId.ToString(),
            entry.GrainId.GetUniformHashCode(),
            entry.ReminderName,
            new DateTimeOffset(DateTime.SpecifyKind(entry.StartAt, DateTimeKind.Utc)),
            entry.Period,
            entry.ETag ?? ""),
        CancellationToken.None);

    public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) =>
        store.Remove(grainId.ToString(), reminderName, eTag, CancellationToken.None);

    public Task TestOnlyClearTable() => throw new NotSupportedException("Tests take a fresh data directory instead.");

    private static ReminderEntry ToEntry(ReminderRow row) => new()
    {
        GrainId = GrainId.Parse(row.GrainId),
        ReminderName = row.Name,
        StartAt = row.StartAt.UtcDateTime,
        Period = row.Period,
        ETag = row.Etag,
    };
}
