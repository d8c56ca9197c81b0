using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Notifications;

/// <summary>What the grains of notification documents share: one document, validated, and the silo's book told of each edit.</summary>
internal abstract class DocumentGrain<T>(
    IResourceStore store, ResourceLimits limits, NotificationBooks books, TimeProvider time, string kind) : Grain
{
    protected ResourceDocument<T> Document { get; private set; } = null!;

    protected Guid ProjectId { get; private set; }

    protected string Id { get; private set; } = "";

    protected NotificationBooks Books => books;

    protected TimeProvider Time => time;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        (ProjectId, Id) = ProjectKey.Parse(this.GetPrimaryKeyString());
        Document = new ResourceDocument<T>(store, limits, time, ProjectId, kind, Id);
        await Document.Load();
    }

    /// <summary>The document; an activation for one that does not exist is not kept.</summary>
    protected Versioned<T>? Find()
    {
        if (Document.Current is null)
            DeactivateOnIdle();
        return Document.Current;
    }

    /// <summary>Writes what was found good.</summary>
    /// <param name="told">What the trail calls it; null: what is done to the row.</param>
    /// <param name="actor">Who edits; null: whoever called.</param>
    protected async Task<EditResult<T>> Write(
        List<FieldError> faults, T value, long? expectedVersion, bool onlyCreate, EditOutcome? told = null, string? actor = null) =>
        faults.Count > 0
            ? EditResult<T>.Faulty([.. faults])
            : await Told(() => Document.Put(value, expectedVersion, onlyCreate, told, actor));

    /// <summary>Takes the document away.</summary>
    protected Task<EditResult<T>> Remove(long? expectedVersion) => Told(() => Document.Delete(expectedVersion));

    /// <summary>Tells the book also of an edit that failed: its outcome may be unknown.</summary>
    private async Task<EditResult<T>> Told(Func<Task<EditResult<T>>> edit)
    {
        try
        {
            return await edit();
        }
        finally
        {
            books.Edited(ProjectId);
        }
    }
}
