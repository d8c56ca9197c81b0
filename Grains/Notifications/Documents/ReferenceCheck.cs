using EsoCore.Grains.Storage;

namespace EsoCore.Grains.Notifications;

/// <summary>
/// Finds what a document names that its project does not have, before the document is saved. What stood in it before may stay: who was
/// named can be taken away at any time, and notifiers pass over what is gone; that is not to keep people from disabling a rule.
/// </summary>
internal sealed class ReferenceCheck(IResourceStore store, NotificationBooks books)
{
    /// <summary>References looked at; a document within its own limits has fewer.</summary>
    private const int MaxReferences = 1_024;

    /// <summary>Adds a fault for each reference that leads nowhere, unless its field has one already.</summary>
    /// <param name="errors">What else is wrong with the document.</param>
    /// <param name="projectId">The project.</param>
    /// <param name="named">What the document is to name.</param>
    /// <param name="standing">What it names already.</param>
    public async ValueTask Check(
        List<FieldError> errors, Guid projectId, IEnumerable<Reference> named, IEnumerable<Reference> standing)
    {
        var faulty = errors.Select(error => error.Field).ToHashSet();
        var known = standing.Select(reference => reference.Target).ToHashSet();
        var unknown = new HashSet<(string Kind, string Id)>();
        foreach (var reference in named.Take(MaxReferences))
        {
            if (faulty.Contains(reference.Field) || known.Contains(reference.Target))
                continue;
            if (!unknown.Contains(reference.Target) && await Exists(projectId, reference))
            {
                known.Add(reference.Target);
                continue;
            }

            unknown.Add(reference.Target);
            errors.Add(new FieldError(reference.Field, Message(reference)));
        }
    }

    /// <summary>
    /// Whether it leads anywhere. The book answers for people, teams and channels; what it does not hold may have been made in another
    /// process a moment ago, and only the store can tell.
    /// </summary>
    private async ValueTask<bool> Exists(Guid projectId, Reference reference)
    {
        var (book, id) = (await books.Get(projectId), reference.Id);
        var (isInBook, kind) = reference.Kind switch
        {
            Reference.Person => (book.People.ContainsKey(id), ResourceKinds.Person),
            "team" => (book.Teams.ContainsKey(id), ResourceKinds.Team),
            "channel" => (book.Channels.ContainsKey(id), ResourceKinds.Channel),
            "schedule" => (false, ResourceKinds.OnCallSchedule),
            Reference.Policy => (false, ResourceKinds.EscalationPolicy),
            _ => (false, ""), // Validators name such a kind; it leads nowhere in any case.
        };
        return isInBook || (kind.Length > 0 && await store.Find(projectId, kind, id, CancellationToken.None) is { Deleted: false });
    }

    private static string Message(Reference reference)
    {
        var missing = $"names no {reference.Kind} of this project: '{reference.Id}'";
        // Where only people stand, they stand without the prefix that they have among other recipients.
        return reference.Id.StartsWith($"{reference.Kind}:", StringComparison.Ordinal) ? $"{missing}; give the id alone" : missing;
    }
}
