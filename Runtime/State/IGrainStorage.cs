namespace EsoCore.Runtime;

/// <summary>What a storage reads into and writes from.</summary>
public interface IGrainState<T>
{
    /// <summary>The state; set by reading, possibly to null where nothing is stored.</summary>
    T? State { get; set; }

    /// <summary>The version; set by reading and writing.</summary>
    string? ETag { get; set; }

    /// <summary>Whether the record exists; set by reading, writing and clearing.</summary>
    bool RecordExists { get; set; }
}

/// <summary>The plain implementation of <see cref="IGrainState{T}"/>.</summary>
public sealed class GrainState<T> : IGrainState<T>
{
    /// <summary>An empty one.</summary>
    public GrainState()
    {
    }

    /// <summary>One with a state and, perhaps, its version.</summary>
    public GrainState(T? state, string? eTag = null)
    {
        State = state;
        ETag = eTag;
    }

    /// <inheritdoc/>
    public T? State { get; set; }

    /// <inheritdoc/>
    public string? ETag { get; set; }

    /// <inheritdoc/>
    public bool RecordExists { get; set; }
}

/// <summary>
/// Where persistent states are kept; registered by name. Every method may be called for different grains at once, and for one grain one at
/// a time.
/// A write or clear succeeds only if the stored version equals the ETag given, null meaning that there is no record.
/// </summary>
public interface IGrainStorage
{
    /// <summary>Reads a state; where there is none, sets RecordExists to false, ETag to null and leaves State alone.</summary>
    Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

    /// <inheritdoc cref="ReadStateAsync{T}(string, GrainId, IGrainState{T})"/>
    Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        ReadStateAsync(stateName, grainId, grainState);

    /// <summary>Writes a state and sets the new ETag.</summary>
    /// <exception cref="InconsistentStateException">The stored version differs from the ETag.</exception>
    Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

    /// <inheritdoc cref="WriteStateAsync{T}(string, GrainId, IGrainState{T})"/>
    Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        WriteStateAsync(stateName, grainId, grainState);

    /// <summary>Removes a state and sets RecordExists to false and ETag to null.</summary>
    /// <exception cref="InconsistentStateException">The stored version differs from the ETag.</exception>
    Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

    /// <inheritdoc cref="ClearStateAsync{T}(string, GrainId, IGrainState{T})"/>
    Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
        ClearStateAsync(stateName, grainId, grainState);
}
