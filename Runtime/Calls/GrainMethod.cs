namespace EsoCore.Runtime.CodeGeneration;

/// <summary>What the attributes of a method say about its calls.</summary>
[Flags]
public enum GrainMethodOptions : byte
{
    /// <summary>An ordinary method.</summary>
    None = 0,

    /// <summary>Marked with <see cref="ReadOnlyAttribute"/>.</summary>
    ReadOnly = 1,

    /// <summary>Marked with <see cref="AlwaysInterleaveAttribute"/>.</summary>
    AlwaysInterleave = 2,

    /// <summary>Marked with <see cref="OneWayAttribute"/>.</summary>
    OneWay = 4,
}

/// <summary>A method of a grain interface; made once per method by generated code.</summary>
public sealed class GrainMethod
{
    /// <summary>Describes a method.</summary>
    /// <param name="interfaceAlias">The <see cref="AliasAttribute"/> of the interface that declares the method, else its full name.</param>
    /// <param name="name">The method's name.</param>
    /// <param name="id">The method's alias or <see cref="IdAttribute"/>, else its name and parameter types; unique within the interface and
    /// unaffected by the order of members.</param>
    /// <param name="options">What its attributes say.</param>
    /// <param name="timeout">The argument of <see cref="ResponseTimeoutAttribute"/>, or null.</param>
    /// <param name="argumentTypes">The types of the arguments by index, without a <see cref="CancellationToken"/>.</param>
    public GrainMethod(string interfaceAlias, string name, string id, GrainMethodOptions options, string? timeout, Type[] argumentTypes)
    {
        InterfaceAlias = interfaceAlias;
        Name = name;
        Id = id;
        Options = options;
        TimeoutMs = timeout is null ? 0 : Milliseconds(new ResponseTimeoutAttribute(timeout));
        ArgumentTypes = argumentTypes;
        WireId = GrainMethodRegistry.NumberOf(interfaceAlias, id);
    }

    /// <summary>The name of the declaring interface between processes.</summary>
    public string InterfaceAlias { get; }

    /// <summary>The method's name, for people.</summary>
    public string Name { get; }

    /// <summary>The method's name between processes, unique within the interface.</summary>
    public string Id { get; }

    /// <summary>What the attributes say.</summary>
    public GrainMethodOptions Options { get; }

    /// <summary>The types of the arguments by index, without a <see cref="CancellationToken"/>.</summary>
    public IReadOnlyList<Type> ArgumentTypes { get; }

    /// <summary>The number that stands for the method in messages.</summary>
    internal ulong WireId { get; }

    /// <summary>The response timeout in milliseconds, or 0 for the default.</summary>
    internal int TimeoutMs { get; }

    private static int Milliseconds(ResponseTimeoutAttribute attribute) =>
        (int)Math.Clamp(attribute.Timeout!.Value.TotalMilliseconds, 1, int.MaxValue);
}
