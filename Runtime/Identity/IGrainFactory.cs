namespace EsoCore.Runtime;

/// <summary>
/// Makes references to grains. Making one is cheap, contacts nobody and activates nothing; the first call activates the grain.
/// </summary>
public interface IGrainFactory
{
    /// <summary>Returns a reference to the grain with this key.</summary>
    /// <param name="primaryKey">The key; not null.</param>
    /// <param name="grainClassNamePrefix">Chooses by the start of the class's full name when several classes implement the
    /// interface.</param>
    /// <exception cref="ArgumentException">No registered class implements the interface, or several do and the prefix does not choose
    /// one.</exception>
    TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey;

    /// <inheritdoc cref="GetGrain{TGrainInterface}(string, string?)"/>
    TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey;

    /// <inheritdoc cref="GetGrain{TGrainInterface}(string, string?)"/>
    TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey;

    /// <summary>
    /// Returns a reference of this interface to the grain with this identity. Whether its class implements the interface is checked when a
    /// call is made.
    /// </summary>
    TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable;
}

/// <summary>The way into the grains for code that is not a grain.</summary>
public interface IClusterClient : IGrainFactory
{
    /// <summary>The services of the host this client belongs to.</summary>
    IServiceProvider ServiceProvider { get; }
}
