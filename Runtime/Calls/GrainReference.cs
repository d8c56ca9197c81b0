using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime.CodeGeneration;

/// <summary>What a generated reference is made of; opaque to it.</summary>
public readonly struct GrainReferenceShape
{
    internal GrainReferenceShape(GrainRuntime runtime, GrainId grainId)
    {
        Runtime = runtime;
        GrainId = grainId;
    }

    internal GrainRuntime Runtime { get; }

    internal GrainId GrainId { get; }
}

/// <summary>
/// The base of generated references. A reference is immutable to its users, cheap, and equal to others of the same type and grain.
/// </summary>
public abstract class GrainReference : IAddressable, IEquatable<GrainReference>
{
    private readonly GrainId _grainId;

    /// <summary>Called by generated code.</summary>
    protected GrainReference(GrainReferenceShape shape)
    {
        Runtime = shape.Runtime;
        _grainId = shape.GrainId;
    }

    /// <summary>The grain it points to.</summary>
    public GrainId GrainId => _grainId;

    internal GrainRuntime Runtime { get; }

    /// <summary>Where the last call went, an <see cref="Activation"/> or a <see cref="Clustering.RemoteRoute"/>; checked on use.</summary>
    internal object? Route { get; set; }

    /// <summary>Calls a method that returns <see cref="Task"/>.</summary>
    protected Task Call(GrainRequest<Nothing> request)
    {
        if (request.IsOneWay)
        {
            Runtime.Router.Send(this, request);
            return Task.CompletedTask;
        }

        Task answer = request.Promise;
        Runtime.Router.Send(this, request);
        return answer;
    }

    /// <summary>Calls a method that returns <see cref="Task{T}"/>.</summary>
    protected Task<T> Call<T>(GrainRequest<T> request)
    {
        Task<T> answer = request.Promise;
        Runtime.Router.Send(this, request);
        return answer;
    }

    /// <summary>Calls a method that returns <see cref="ValueTask"/>.</summary>
    protected ValueTask CallValue(GrainRequest<Nothing> request) => new(Call(request));

    /// <summary>Calls a method that returns <see cref="ValueTask{T}"/>.</summary>
    protected ValueTask<T> CallValue<T>(GrainRequest<T> request) => new(Call(request));

    /// <inheritdoc/>
    public bool Equals(GrainReference? other) => other is not null && _grainId.Equals(other._grainId) && GetType() == other.GetType();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    /// <inheritdoc/>
    public override int GetHashCode() => _grainId.GetHashCode();

    /// <summary>The grain's identity as <c>type/key</c>.</summary>
    public override string ToString() => _grainId.ToString();
}
