using System.Collections.Concurrent;
using System.Text;

namespace EsoCore.Runtime.CodeGeneration;

/// <summary>Where generated code announces the methods that can be called from another process.</summary>
public static class GrainMethodRegistry
{
    private static readonly ConcurrentDictionary<ulong, Func<GrainRequest>> s_methods = new();
    private static readonly ConcurrentDictionary<ulong, GrainMethod> s_described = new();

    /// <summary>Announces a method. Called by generated code; an inherited method is announced by each interface that has it.</summary>
    /// <param name="create">Makes an empty request of the method.</param>
    public static void Register(Func<GrainRequest> create)
    {
        GrainMethod method = create().Method;
        GrainMethod known = s_described.GetOrAdd(method.WireId, method);
        if (known.Id != method.Id || known.InterfaceAlias != method.InterfaceAlias)
        {
            throw new InvalidOperationException(
                $"{known.InterfaceAlias}.{known.Id} and {method.InterfaceAlias}.{method.Id} have the same number; give one an [Alias].");
        }

        s_methods.TryAdd(method.WireId, create);
    }

    /// <summary>An empty request of the method with this number, or null.</summary>
    internal static GrainRequest? Create(ulong wireId) => s_methods.TryGetValue(wireId, out Func<GrainRequest>? create) ? create() : null;

    /// <summary>The methods of these interfaces, by the names they have between processes.</summary>
    internal static IEnumerable<GrainRequest> Of(IReadOnlySet<string> interfaceAliases) =>
        s_methods.Values.Select(create => create()).Where(request => interfaceAliases.Contains(request.Method.InterfaceAlias));

    /// <summary>A number that is the same in every process: two hashes of the names.</summary>
    internal static ulong NumberOf(string interfaceAlias, string id)
    {
        uint name = StableHash.Compute(Encoding.UTF8.GetBytes($"{interfaceAlias}|{id}"));
        uint again = StableHash.Compute(Encoding.UTF8.GetBytes($"{id}|{interfaceAlias}|{name}"));
        return (ulong)name << 32 | again;
    }
}
