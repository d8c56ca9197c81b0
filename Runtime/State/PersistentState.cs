using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime;

/// <summary>A persistent state that the engine reads when the activation starts.</summary>
internal interface ILoadableState
{
    Task LoadAsync(CancellationToken cancellationToken);
}

/// <summary>Joins one state of one activation to its storage.</summary>
internal sealed class PersistentState<T>(string stateName, GrainId grainId, IGrainStorage storage) : IPersistentState<T>, ILoadableState
{
    private readonly GrainState<T> _record = new();

    public T State
    {
        get => _record.State ??= Create();
        set => _record.State = value;
    }

    public string? Etag => _record.ETag;

    public bool RecordExists => _record.RecordExists;

    public Task LoadAsync(CancellationToken cancellationToken) => ReadStateAsync(cancellationToken);

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    public async Task ReadStateAsync(CancellationToken cancellationToken)
    {
        await storage.ReadStateAsync(stateName, grainId, _record, cancellationToken);
        if (!_record.RecordExists) _record.State = Create();
    }

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task WriteStateAsync(CancellationToken cancellationToken)
    {
        // A state never touched is written as a new object, as one just read from an empty record would be.
        _record.State ??= Create();
        return storage.WriteStateAsync(stateName, grainId, _record, cancellationToken);
    }

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public async Task ClearStateAsync(CancellationToken cancellationToken)
    {
        await storage.ClearStateAsync(stateName, grainId, _record, cancellationToken);
        _record.State = Create();
    }

    private static T Create() => typeof(T) == typeof(string) ? (T)(object)"" : Activator.CreateInstance<T>();
}

/// <summary>Makes the states of one constructor parameter; the closed generic type is found once per grain class.</summary>
internal abstract class PersistentStateFactory
{
    public static PersistentStateFactory For(Type stateType) =>
        (PersistentStateFactory)Activator.CreateInstance(typeof(Closed<>).MakeGenericType(stateType))!;

    public abstract ILoadableState Create(string stateName, Activation activation, IGrainStorage storage);

    private sealed class Closed<T> : PersistentStateFactory
    {
        public override ILoadableState Create(string stateName, Activation activation, IGrainStorage storage) =>
            new PersistentState<T>(stateName, activation.GrainId, storage);
    }
}
