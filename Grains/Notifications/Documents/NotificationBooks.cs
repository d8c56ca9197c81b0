using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Notifications;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// The notification books of projects, held by each silo: a storm does not read six lists for each notice. An edit made in this process is
/// seen at once, one made elsewhere within <see cref="MaxAge"/>.
/// </summary>
internal sealed class NotificationBooks(IResourceStore store, TimeProvider time, ILogger<NotificationBooks> log)
{
    /// <summary>How old a book may be.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    /// <summary>Books held; beyond it all are forgotten and read again.</summary>
    private const int MaxBooks = 1_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Entry> _books = [];

    /// <summary>
    /// The book of a project. While the storage is away the last one known is in force; throws only when none was ever read.
    /// </summary>
    public async ValueTask<NotificationBook> Get(Guid projectId)
    {
        Entry entry;
        lock (_gate)
            entry = _books.GetValueOrDefault(projectId) ?? Entry.Unread;
        if (entry.Book is { } known && entry.ReadEdits == entry.Edits && time.GetElapsedTime(entry.ReadAt) < MaxAge)
            return known;
        var began = time.GetTimestamp();
        try
        {
            var book = await Read(projectId);
            lock (_gate)
            {
                if (_books.Count >= MaxBooks)
                    _books.Clear();
                // An edit told while this was being read may be missing in it: the count tells.
                var edits = _books.GetValueOrDefault(projectId)?.Edits ?? entry.Edits;
                _books[projectId] = new Entry(book, began, edits, entry.Edits);
            }

            return book;
        }
        catch (Exception error) when (entry.Book is not null)
        {
            log.LogWarning(error, "The notification settings of project {ProjectId} cannot be read; those last known are in force",
                projectId);
            return entry.Book;
        }
    }

    /// <summary>An edit was made in this process: the next reader looks again.</summary>
    public void Edited(Guid projectId)
    {
        lock (_gate)
        {
            var entry = _books.GetValueOrDefault(projectId) ?? Entry.Unread;
            _books[projectId] = entry with { Edits = entry.Edits + 1 };
        }
    }

    private async Task<NotificationBook> Read(Guid projectId)
    {
        var teams = await All<TeamDefinition>(projectId, ResourceKinds.Team);
        foreach (var (id, team) in BuiltInTeams.All)
        {
            // One that was taken away is empty, as one that was never filled: both fall back to the owner.
            if (!teams.ContainsKey(id))
                teams = teams.Add(id, team);
        }

        return new NotificationBook(
            await All<PersonDefinition>(projectId, ResourceKinds.Person),
            teams,
            await All<StoredChannel>(projectId, ResourceKinds.Channel),
            await All<SilenceDefinition>(projectId, ResourceKinds.Silence),
            await All<MaintenanceWindowDefinition>(projectId, ResourceKinds.MaintenanceWindow),
            await All<TemplateDefinition>(projectId, ResourceKinds.Template));
    }

    /// <summary>All documents of a kind; one that cannot be read is passed over, and harms no other.</summary>
    private async Task<ImmutableSortedDictionary<string, T>> All<T>(Guid projectId, string kind)
    {
        var all = ImmutableSortedDictionary.CreateBuilder<string, T>(StringComparer.Ordinal);
        var page = await store.List(projectId, kind, new PageRequest(ResourceLimits.Of(kind)), CancellationToken.None);
        foreach (var stored in page.Items)
        {
            try
            {
                all[stored.Id] = ResourceDocument<T>.Read(stored).Value;
            }
            catch (Exception error)
            {
                log.LogError(error, "The {Kind} '{Id}' of project {ProjectId} cannot be read and is passed over", kind, stored.Id,
                    projectId);
            }
        }

        return all.ToImmutable();
    }

    private sealed record Entry(NotificationBook? Book, long ReadAt, long Edits, long ReadEdits)
    {
        public static Entry Unread { get; } = new(null, 0, 0, 0);
    }
}
