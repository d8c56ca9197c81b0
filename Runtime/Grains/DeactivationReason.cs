namespace EsoCore.Runtime;

/// <summary>Why an activation ends.</summary>
/// <param name="code">The kind of reason.</param>
/// <param name="exception">What went wrong, if anything did.</param>
/// <param name="text">A sentence for the log.</param>
public readonly struct DeactivationReason(DeactivationReasonCode code, Exception? exception, string text)
{
    /// <summary>A reason without an exception.</summary>
    public DeactivationReason(DeactivationReasonCode code, string text) : this(code, null, text)
    {
    }

    /// <summary>A sentence for the log.</summary>
    public string Description { get; } = text;

    /// <summary>The kind of reason.</summary>
    public DeactivationReasonCode ReasonCode { get; } = code;

    /// <summary>What went wrong, if anything did.</summary>
    public Exception? Exception { get; } = exception;

    /// <inheritdoc/>
    public override string ToString() =>
        Exception is null ? $"{ReasonCode}: {Description}" : $"{ReasonCode}: {Description}. Exception: {Exception}";
}

/// <summary>The kinds of <see cref="DeactivationReason"/>. The numbers are those of Orleans.</summary>
public enum DeactivationReasonCode : byte
{
    /// <summary>No reason was given.</summary>
    None = 0,

    /// <summary>The process is stopping.</summary>
    ShuttingDown = 1,

    /// <summary>The constructor, a state to be read or OnActivateAsync failed.</summary>
    ActivationFailed = 2,

    /// <summary>The grain was idle for its collection age.</summary>
    ActivationIdle = 4,

    /// <summary>
    /// A request of the grain failed in a way that makes its memory doubtful, such as an <see cref="InconsistentStateException"/>.
    /// </summary>
    ApplicationError = 8,

    /// <summary>The grain asked for it.</summary>
    ApplicationRequested = 9,
}
