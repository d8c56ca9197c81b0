using System.Text.Json;
using EsoCore.Grains.Common;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Projects;

/// <summary>
/// One document of a project, held by the grain that owns it: loaded once, edited by compare-and-set. Should a second activation have
/// written meanwhile, the write finds another version, and the edit is decided anew on what stands. Each edit is a line of the audit trail,
/// written with it: what was edited, by whom, and nothing of its content.
/// </summary>
internal sealed class ResourceDocument<T>(
    IResourceStore store, ResourceLimits limits, TimeProvider time, Guid projectId, string kind, string id)
{
    /// <summary>Edits without a version named by the caller are tried this often against a second writer.</summary>
    private const int MaxAttempts = 3;

    private StoredResource? _stored;
    private Exception? _damage;

    /// <summary>What stands, or null when there is nothing (never was, or deleted).</summary>
    /// <exception cref="InvalidDataException">What stands cannot be read. It can be replaced and deleted all the same.</exception>
    public Versioned<T>? Current => _damage is null ? Readable
        : throw new InvalidDataException($"The stored {kind} '{id}' cannot be read: {_damage.Message}", _damage);

    /// <summary>What stands, or null when there is nothing, or nothing that can be read: for those who are about to replace it.</summary>
    public Versioned<T>? Readable { get; private set; }

    /// <summary>Whether something stands that cannot be read.</summary>
    public bool IsDamaged => _damage is not null;

    /// <summary>Why what stands cannot be read, or null when it can, or nothing stands.</summary>
    public Exception? Damage => _damage;

    /// <summary>The last version ever written, deletions included; 0 when there never was one.</summary>
    public long Version => _stored?.Version ?? 0;

    /// <summary>Reads the document.</summary>
    public async Task Load()
    {
        var stored = await store.Find(projectId, kind, id, CancellationToken.None);
        Keep(stored);
    }

    /// <summary>Creates or replaces the document; <paramref name="onlyCreate"/>: creates it or answers that it exists.</summary>
    /// <param name="told">
    /// What the trail calls the edit where that is another thing than what is done to the row, as of built-in documents.
    /// </param>
    /// <param name="actor">Who edits; null: whoever called.</param>
    public async Task<EditResult<T>> Put(
        T value, long? expectedVersion, bool onlyCreate, EditOutcome? told = null, string? actor = null)
    {
        var body = JsonSerializer.Serialize(value, ResourceJson.Options);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (onlyCreate && Readable is not null)
                return EditResult<T>.Of(EditOutcome.AlreadyExists, Readable);
            if (expectedVersion is { } expected && expected != StandingVersion)
                return EditResult<T>.Of(EditOutcome.VersionMismatch, Readable);

            var outcome = StandingVersion is null ? EditOutcome.Created : EditOutcome.Changed;
            if (outcome == EditOutcome.Changed && _stored!.Body == body)
                return EditResult<T>.Of(outcome, Readable);
            if (outcome == EditOutcome.Created && !await limits.HasRoom(projectId, kind))
                return EditResult<T>.Of(EditOutcome.LimitReached);
            if (await Write(body, told ?? outcome, actor))
                return EditResult<T>.Of(outcome, Readable);
        }

        return EditResult<T>.Of(EditOutcome.VersionMismatch, Readable);
    }

    /// <summary>Deletes the document; its version lives on.</summary>
    public async Task<EditResult<T>> Delete(long? expectedVersion)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var current = Readable;
            if (StandingVersion is not { } version)
                return EditResult<T>.Of(EditOutcome.NotFound);
            if (expectedVersion is { } expected && expected != version)
                return EditResult<T>.Of(EditOutcome.VersionMismatch, current);
            if (await Write(null, EditOutcome.Deleted, actor: null))
                return EditResult<T>.Of(EditOutcome.Deleted, current);
        }

        return EditResult<T>.Of(EditOutcome.VersionMismatch, Readable);
    }

    /// <summary>A stored document as its readers see it.</summary>
    /// <exception cref="Exception">It cannot be read: no JSON, not of this type, or with members missing.</exception>
    public static Versioned<T> Read(StoredResource stored)
    {
        var value = JsonSerializer.Deserialize<T>(stored.Body, ResourceJson.Options)
            ?? throw new InvalidDataException($"The stored document '{stored.Id}' is null.");
        return DocumentShape.Missing(value) is { } missing
            ? throw new InvalidDataException($"The stored document '{stored.Id}' lacks {missing}.")
            : new Versioned<T>(stored.Id, stored.Version, value);
    }

    /// <summary>Stored documents of a list; one that cannot be read is only named, and harms no other.</summary>
    public static Page<Versioned<T>> ReadAll(Page<StoredResource> page, ILogger log)
    {
        var (read, damaged) = (ImmutableArray.CreateBuilder<Versioned<T>>(page.Items.Length), ImmutableArray.CreateBuilder<string>());
        foreach (var stored in page.Items)
        {
            try
            {
                read.Add(Read(stored));
            }
            catch (Exception error)
            {
                // Nothing but its text decides whether it can be read, so whatever is thrown means that it cannot.
                log.LogError(error, "The {Document} '{Id}' cannot be read and is passed over", typeof(T).Name, stored.Id);
                damaged.Add(stored.Id);
            }
        }

        return new Page<Versioned<T>>(read.ToImmutable(), page.Next) { Damaged = damaged.ToImmutable() };
    }

    /// <summary>The version of what stands, readable or not; null when there is nothing.</summary>
    private long? StandingVersion => _stored is null or { Deleted: true } ? null : _stored.Version;

    /// <summary>Writes the next version, or reads what stands instead and answers false.</summary>
    private async Task<bool> Write(string? body, EditOutcome outcome, string? actor)
    {
        var expected = Version;
        var line = LineOf(expected + 1, outcome, actor ?? CallActor.Current);
        bool written;
        try
        {
            written = await store.Write(projectId, kind, id, body, expected, line, CancellationToken.None);
        }
        catch (CommitUnknownException)
        {
            // Whether it was written only the store can tell; the caller hears of the failure, the next one sees what stands.
            await Load();
            throw;
        }

        if (written)
            Keep(new StoredResource(id, expected + 1, body ?? ""));
        else
            await Load();
        return written;
    }

    /// <summary>The edit as a line of the trail; null where no project has it, or where it only follows from others.</summary>
    private LogEntry? LineOf(long version, EditOutcome outcome, string actor)
    {
        if (projectId == Guid.Empty || kind == ResourceKinds.RuleSet)
            return null;
        return new LogEntry(
            StableId.Of("document", projectId.ToString("D"), kind, id, $"{version}"), time.GetUtcNow(), actor,
            $"{kind.Replace('-', '_')}.{outcome.ToString().ToLowerInvariant()}", null, null,
            JsonSerializer.Serialize(new { kind, id, version }, ResourceJson.Options));
    }

    private void Keep(StoredResource? stored)
    {
        (_stored, Readable, _damage) = (stored, null, null);
        if (stored is null or { Deleted: true })
            return;
        try
        {
            Readable = Read(stored);
        }
        catch (Exception error)
        {
            _damage = error;
        }
    }
}
