using System.Collections.Frozen;
using System.Reflection;
using System.Text;
using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>The grain classes of a silo, by grain type and by interface.</summary>
internal sealed class GrainClasses
{
    private readonly FrozenDictionary<GrainType, GrainClass> _byType;
    private readonly (byte[] Utf8, string Name)[] _names;
    private readonly Lock _gate = new();
    private GrainClass?[] _byInterface = [];

    public GrainClasses(GrainRuntime runtime, IEnumerable<Assembly> assemblies, ScopedServices scoped)
    {
        IEnumerable<Type> types = assemblies.Distinct().SelectMany(assembly => assembly.GetTypes()).Where(IsGrainClass);
        GrainClass[] all = [.. types.Select(type => new GrainClass(runtime, type, scoped))];
        foreach (IGrouping<GrainType, GrainClass> same in all.GroupBy(grainClass => grainClass.GrainType).Where(group => group.Count() > 1))
        {
            throw new InvalidOperationException(
                $"The grain type '{same.Key}' belongs to several classes: {List(same)}. Give all but one of them a [GrainType].");
        }

        _byType = all.ToFrozenDictionary(grainClass => grainClass.GrainType);
        _names = [.. all.Select(grainClass => (Encoding.UTF8.GetBytes(grainClass.GrainType.ToString()), grainClass.GrainType.ToString()))];
        BySubscription = all.SelectMany(grainClass => grainClass.StreamNamespaces.Select(name => (name, grainClass)))
            .GroupBy(pair => pair.name).ToFrozenDictionary(group => group.Key, group => group.Select(pair => pair.grainClass).ToArray());
    }

    /// <summary>The classes subscribed to each stream namespace.</summary>
    public FrozenDictionary<string, GrainClass[]> BySubscription { get; }

    public GrainClass? Find(GrainType type) => _byType.GetValueOrDefault(type);

    public IEnumerable<GrainClass> All => _byType.Values;

    /// <summary>The name of a grain type from its UTF-8 bytes, without a new string if a class has it.</summary>
    public string Intern(ReadOnlySpan<byte> utf8)
    {
        foreach ((byte[] bytes, string name) in _names)
        {
            if (utf8.SequenceEqual(bytes)) return name;
        }

        return Encoding.UTF8.GetString(utf8);
    }

    /// <summary>The class that serves an interface.</summary>
    /// <exception cref="ArgumentException">There is none, or several and the prefix does not choose one.</exception>
    public GrainClass Resolve(GrainInterface grainInterface, string? classNamePrefix)
    {
        if (classNamePrefix is not null) return Search(grainInterface.Type, classNamePrefix);
        GrainClass?[] known = Volatile.Read(ref _byInterface);
        return (grainInterface.Index < known.Length ? known[grainInterface.Index] : null) ?? Remember(grainInterface);
    }

    private static bool IsGrainClass(Type type) =>
        type is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: false } && typeof(Grain).IsAssignableFrom(type)
            && typeof(IGrain).IsAssignableFrom(type);

    private GrainClass Remember(GrainInterface grainInterface)
    {
        GrainClass found = Search(grainInterface.Type, null);
        lock (_gate)
        {
            GrainClass?[] grown = _byInterface;
            Array.Resize(ref grown, Math.Max(grown.Length, grainInterface.Index + 1));
            grown[grainInterface.Index] = found;
            Volatile.Write(ref _byInterface, grown);
        }

        return found;
    }

    private GrainClass Search(Type interfaceType, string? classNamePrefix)
    {
        GrainClass[] found = [.. _byType.Values.Where(grainClass =>
            interfaceType.IsAssignableFrom(grainClass.Type)
            && (classNamePrefix is null || grainClass.Type.FullName!.StartsWith(classNamePrefix, StringComparison.Ordinal)))];
        string wanted = classNamePrefix is null ? "" : $" and begins with '{classNamePrefix}'";
        return found.Length switch
        {
            1 => found[0],
            0 => throw new ArgumentException($"No registered grain class implements {interfaceType}{wanted}."),
            _ => throw new ArgumentException($"Several grain classes implement {interfaceType}: {List(found)}. Pass a class name prefix."),
        };
    }

    private static string List(IEnumerable<GrainClass> classes) => string.Join(", ", classes.Select(grainClass => grainClass.Type));
}
