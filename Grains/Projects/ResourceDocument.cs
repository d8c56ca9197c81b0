using System.Text.Json;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Projects;

/// <summary>
/// One document of a project, held by the grain that owns it: loaded once, edited by compare-and-set. Should a second activation have
/// written meanwhile, the write finds another version, and the edit is decided anew on what stands.
/// </summary>
internal sealed class ResourceDocument<T>(IResourceStore store, ResourceLimits limits, Guid projectId, string kind, string id)
{
    /// <summary>Edits without a version named by the caller are tried this often against a second writer.</summary>
    private const int MaxAttempts = 3;

    private StoredResource? _stored;

    /// <summary>What stands, or null when there is nothing (never was, or deleted).</summary>
    public Versioned<T>? Current { get; private set; }

    /// <summary>The last version ever written, deletions included; 0 when there never was one.</summary>
    public long Version => _stored?.Version ?? 0;

    /// <summary>Reads the document.</summary>
    public async Task Load()
    {
        var stored = await store.Find(projectId, kind, id, CancellationToken.None);
        Keep(stored);
    }

    /// <summary>Creates or replaces the document; <paramref name="onlyCreate"/>: creates it or answers that it exists.</summary>
    public async Task<EditResult<T>> Put(T value, long? expectedVersion, bool onlyCreate)
    {
        var body = JsonSerializer.Serialize(value, ResourceJson.Options);
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (onlyCreate && Current is not null)
                return EditResult<T>.Of(EditOutcome.AlreadyExists, Current);
            if (expectedVersion is { } expected && expected != Current?.Version)
                return EditResult<T>.Of(EditOutcome.VersionMismatch, Current);

            var outcome = Current is null ? EditOutcome.Created : EditOutcome.Changed;
            if (outcome == EditOutcome.Changed && _stored!.Body == body)
                return EditResult<T>.Of(outcome, Current);
            if (outcome == EditOutcome.Created && !await limits.HasRoom(projectId, kind))
                return EditResult<T>.Of(EditOutcome.LimitReached);
            if (await Write(body))
                return EditResult<T>.Of(outcome, Current);
        }

        return EditResult<T>.Of(EditOutcome.VersionMismatch, Current);
    }

    /// <summary>Deletes the document; its version lives on.</summary>
    public async Task<EditResult<T>> Delete(long? expectedVersion)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (Current is not { } current)
                return EditResult<T>.Of(EditOutcome.NotFound);
            if (expectedVersion is { } expected && expected != current.Version)
                return EditResult<T>.Of(EditOutcome.VersionMismatch, current);
            if (await Write(null))
                return EditResult<T>.Of(EditOutcome.Deleted, current);
        }

        return EditResult<T>.Of(EditOutcome.VersionMismatch, Current);
    }

    /// <summary>A stored document as its readers see it.</summary>
    public static Versioned<T> Read(StoredResource stored) =>
        new(stored.Id, stored.Version,
            JsonSerializer.Deserialize<T>(stored.Body, ResourceJson.Options)
                ?? throw new InvalidDataException($"The stored document '{stored.Id}' is null."));

    /// <summary>Stored documents of a list; one that cannot be read is passed over, and harms no other.</summary>
    public static ImmutableArray<Versioned<T>> ReadAll(IEnumerable<StoredResource> items, ILogger log)
    {
        var read = ImmutableArray.CreateBuilder<Versioned<T>>();
        foreach (var stored in items)
        {
            try
            {
                read.Add(Read(stored));
            }
            catch (Exception error) when (error is JsonException or InvalidDataException or NotSupportedException)
            {
                log.LogError(error, "The {Document} '{Id}' cannot be read and is passed over", typeof(T).Name, stored.Id);
            }
        }

        return read.ToImmutable();
    }

    /// <summary>Writes the next version, or reads what stands instead and answers false.</summary>
    private async Task<bool> Write(string? body)
    {
        var expected = Version;
        bool written;
        try
        {
            written = await store.Write(projectId, kind, id, body, expected, CancellationToken.None);
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

    private void Keep(StoredResource? stored)
    {
        _stored = stored;
        Current = stored is null || stored.Deleted ? null : Read(stored);
    }
}
