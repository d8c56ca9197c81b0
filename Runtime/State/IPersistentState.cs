namespace EsoCore.Runtime;

/// <summary>A stored record with its version.</summary>
public interface IStorage
{
    /// <summary>The version last read or written, or null if there is none.</summary>
    string? Etag { get; }

    /// <summary>Whether the record exists in storage.</summary>
    bool RecordExists { get; }

    /// <summary>Removes the record and sets the state to a new one.</summary>
    /// <exception cref="InconsistentStateException">The record was changed by someone else.</exception>
    Task ClearStateAsync();

    /// <summary>Writes the state if the record is still the one last read.</summary>
    /// <exception cref="InconsistentStateException">The record was changed by someone else.</exception>
    Task WriteStateAsync();

    /// <summary>Reads the record; done once before the grain is activated.</summary>
    Task ReadStateAsync();

    /// <inheritdoc cref="ClearStateAsync()"/>
    Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

    /// <inheritdoc cref="WriteStateAsync()"/>
    Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

    /// <inheritdoc cref="ReadStateAsync()"/>
    Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
}

/// <summary>A stored record of a known type.</summary>
public interface IStorage<TState> : IStorage
{
    /// <summary>The state in memory; a new object if nothing is stored. Changing it stores nothing until it is written.</summary>
    TState State { get; set; }
}

/// <summary>
/// A state given to a grain's constructor through <see cref="PersistentStateAttribute"/>. Use it from the grain's turns only.
/// </summary>
public interface IPersistentState<TState> : IStorage<TState>;
