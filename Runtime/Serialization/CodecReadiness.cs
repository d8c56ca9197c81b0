using System.Reflection;
using System.Runtime.CompilerServices;
using EsoCore.Runtime.CodeGeneration;
using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime.Serialization;

/// <summary>Makes sure, before a silo joins a cluster, that every argument and result of its grains can cross.</summary>
internal static class CodecReadiness
{
    /// <summary>Looks at all grain classes.</summary>
    /// <exception cref="InvalidOperationException">Some cannot cross; the message names each with its method.</exception>
    public static void Check(GrainRuntime runtime)
    {
        HashSet<string> interfaces = [];
        foreach (Type type in runtime.Classes.All.SelectMany(grainClass => grainClass.Type.GetInterfaces()))
        {
            RuntimeHelpers.RunModuleConstructor(type.Module.ModuleHandle);
            interfaces.Add(type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.FullName!.Replace('+', '.'));
            if (typeof(IGrain).IsAssignableFrom(type)) ExceptionTypes.AddAssembly(type.Assembly);
        }

        foreach (Assembly assembly in WithMessages(runtime.GrainAssemblies)) ExceptionTypes.AddAssembly(assembly);
        GrainMethodRegistry.Register(static () => new StreamDelivery());
        var check = new CodecCheck();
        foreach (GrainRequest request in GrainMethodRegistry.Of(interfaces))
        {
            check.Place = $"{request.Method.InterfaceAlias}.{request.Method.Name}";
            request.CheckArguments(check);
            request.CheckResult(check);
        }

        if (check.Errors.Count > 0)
            throw new InvalidOperationException($"Not all calls can cross between processes. {string.Join(" ", check.Errors)}");
    }

    /// <summary>These assemblies and those they use that know the engine in turn: the projects of interfaces and messages.</summary>
    private static IEnumerable<Assembly> WithMessages(IReadOnlyList<Assembly> assemblies)
    {
        string engine = typeof(CodecReadiness).Assembly.GetName().Name!;
        HashSet<string?> used = [.. assemblies.SelectMany(assembly => assembly.GetReferencedAssemblies()).Select(name => name.Name)];
        IEnumerable<Assembly> others = AppDomain.CurrentDomain.GetAssemblies().Where(assembly =>
            !assembly.IsDynamic && used.Contains(assembly.GetName().Name)
            && assembly.GetReferencedAssemblies().Any(name => name.Name == engine));
        return assemblies.Concat(others).Distinct();
    }
}
