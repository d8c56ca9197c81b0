using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace EsoCore.Runtime.CodeGeneration;

/// <summary>Where the module initializers of generated code announce their references.</summary>
public static class GrainReferenceRegistry
{
    private static readonly ConcurrentDictionary<Type, GrainInterface> s_interfaces = new();
    private static int s_lastIndex;

    /// <summary>Announces how to make a reference of an interface. Called by generated code.</summary>
    /// <param name="interfaceType">The grain interface.</param>
    /// <param name="create">Makes a reference.</param>
    public static void Register(Type interfaceType, Func<GrainReferenceShape, GrainReference> create) =>
        s_interfaces.TryAdd(interfaceType, new GrainInterface(interfaceType, create, Interlocked.Increment(ref s_lastIndex) - 1));

    internal static GrainInterface Find(Type interfaceType)
    {
        if (s_interfaces.TryGetValue(interfaceType, out GrainInterface? found)) return found;

        // Naming an interface does not run its module's initializer, so it is run here.
        RuntimeHelpers.RunModuleConstructor(interfaceType.Module.ModuleHandle);
        return s_interfaces.TryGetValue(interfaceType, out found)
            ? found
            : throw new ArgumentException(
                $"There is no generated reference for {interfaceType}. It must be an interface derived from {nameof(IGrain)}, "
                + "in a project that has Runtime.Generators as analyzer.");
    }
}

/// <summary>
/// A grain interface with its generated reference. The index is small, so that each runtime can keep its own facts in an array.
/// </summary>
internal sealed record GrainInterface(Type Type, Func<GrainReferenceShape, GrainReference> Create, int Index);

/// <summary>
/// The registry's entry for an interface, looked up once. Not a static initializer: its failure would come wrapped, and would be
/// remembered.
/// </summary>
internal static class GrainInterface<T>
{
    private static GrainInterface? s_info;

    public static GrainInterface Info => s_info ??= GrainReferenceRegistry.Find(typeof(T));
}
