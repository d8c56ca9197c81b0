namespace EsoCore.Tests.Support;

/// <summary>
/// A grain factory that hands out what a test made; our grains have text for keys. Orleans asks for more, in a file of its own.
/// </summary>
internal abstract partial class FakeGrainFactory : IGrainFactory
{
    /// <summary>Finds the grain.</summary>
    protected abstract object Find(Type type, string key);

    public T GetGrain<T>(string primaryKey, string? grainClassNamePrefix = null)
        where T : IGrainWithStringKey => (T)Find(typeof(T), primaryKey);

    public T GetGrain<T>(Guid primaryKey, string? grainClassNamePrefix = null)
        where T : IGrainWithGuidKey => throw new NotSupportedException();

    public T GetGrain<T>(long primaryKey, string? grainClassNamePrefix = null)
        where T : IGrainWithIntegerKey => throw new NotSupportedException();

    public T GetGrain<T>(GrainId grainId)
        where T : IAddressable => throw new NotSupportedException();
}
