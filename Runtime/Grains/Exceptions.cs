namespace EsoCore.Runtime;

/// <summary>
/// A named limit was reached, such as the length of a grain's mailbox; the request was not taken and can be tried again later.
/// </summary>
public class LimitExceededException(string message) : Exception(message);

/// <summary>The process is stopping, or has not started, and takes no calls from outside.</summary>
public class SiloUnavailableException(string message) : Exception(message);

/// <summary>
/// The process that a call was sent to was lost before it answered. The call may have been done or not; who only reads, or may repeat it,
/// can try again.
/// </summary>
public class CallOutcomeUnknownException(string message) : SiloUnavailableException(message);

/// <summary>Stands for an exception of another process whose type is not known in this one.</summary>
public sealed class RemoteGrainException : Exception
{
    internal RemoteGrainException(string originalType, string originalMessage, string? originalStackTrace, Exception? inner)
        : base($"{originalType}: {originalMessage}", inner)
    {
        OriginalType = originalType;
        OriginalMessage = originalMessage;
        OriginalStackTrace = originalStackTrace;
    }

    /// <summary>The full name of the exception's type.</summary>
    public string OriginalType { get; }

    /// <summary>Its message.</summary>
    public string OriginalMessage { get; }

    /// <summary>Where it was thrown, as text, or null.</summary>
    public string? OriginalStackTrace { get; }
}

/// <summary>
/// A state was written by someone else since it was read; nothing was written. If it leaves a grain's method, the activation is deactivated
/// so that the next call reads anew.
/// </summary>
public class InconsistentStateException : Exception
{
    /// <summary>Makes one with a message only.</summary>
    public InconsistentStateException(string message) : base(message)
    {
    }

    /// <summary>Makes one with both ETags.</summary>
    /// <param name="errorMsg">The message.</param>
    /// <param name="storedEtag">The ETag found in storage.</param>
    /// <param name="currentEtag">The ETag the writer had read.</param>
    /// <param name="storageException">The storage's own error, if any.</param>
    public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag, Exception? storageException = null)
        : base(errorMsg, storageException)
    {
        StoredEtag = storedEtag;
        CurrentEtag = currentEtag;
    }

    /// <summary>The ETag found in storage.</summary>
    public string? StoredEtag { get; }

    /// <summary>The ETag the writer had read.</summary>
    public string? CurrentEtag { get; }

    /// <summary>
    /// Whether it has not yet left the activation whose state it is about; on its further way up the chain of calls it ends no activation.
    /// </summary>
    internal bool IsAtSource { get; set; } = true;
}
