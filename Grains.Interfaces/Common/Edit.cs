namespace EsoCore;

/// <summary>How an edit of something managed (a device, a site, ...) ended.</summary>
public enum EditOutcome
{
    /// <summary>It was created.</summary>
    Created,

    /// <summary>It was changed (or already was as asked).</summary>
    Changed,

    /// <summary>It is gone.</summary>
    Deleted,

    /// <summary>There is no such thing in the caller's scope.</summary>
    NotFound,

    /// <summary>It exists already, and the call only creates.</summary>
    AlreadyExists,

    /// <summary>It changed since the version that the caller named; nothing was written.</summary>
    VersionMismatch,

    /// <summary>The content is invalid: <see cref="EditResult{T}.Errors"/> names every fault. Nothing was written.</summary>
    Invalid,

    /// <summary>A named limit of the project is reached; nothing was written.</summary>
    LimitReached,

    /// <summary>
    /// It cannot be done as things stand: <see cref="EditResult{T}.Errors"/> says why. Nothing was written.
    /// </summary>
    NotPossible,
}

/// <summary>One fault of a submitted document.</summary>
/// <param name="Field">The field's path as sent, e.g. <c>operating_hours.mon[0].from</c>.</param>
/// <param name="Message">What is wrong and what would be right.</param>
[GenerateSerializer, Immutable, Alias("field-error")]
public sealed record FieldError(string Field, string Message);

/// <summary>The result of an edit: the outcome, what stands now (when there is something), and all faults found.</summary>
[GenerateSerializer, Immutable, Alias("edit-result`1")]
public sealed record EditResult<T>(EditOutcome Outcome, Versioned<T>? Current, ImmutableArray<FieldError> Errors)
{
    /// <summary>An outcome without content.</summary>
    public static EditResult<T> Of(EditOutcome outcome, Versioned<T>? current = null) => new(outcome, current, []);

    /// <summary>A refusal that names every fault.</summary>
    public static EditResult<T> Faulty(params ImmutableArray<FieldError> errors) => new(EditOutcome.Invalid, null, errors);
}

/// <summary>A managed thing with the version that its ETag is made of.</summary>
/// <param name="Id">Its id within the project.</param>
/// <param name="Version">1 at creation, +1 with each edit.</param>
/// <param name="Value">Its content.</param>
[GenerateSerializer, Immutable, Alias("versioned`1")]
public sealed record Versioned<T>(string Id, long Version, T Value);
