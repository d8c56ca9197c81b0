using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.Serialization;
using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Serialization;

/// <summary>
/// Where generated codecs announce themselves, and where codecs are found. Only types announced here can be named by a message: a name
/// leads to no other code.
/// </summary>
public static class CodecRegistry
{
    private const int MaxNameDepth = 8;

    private static readonly ConcurrentDictionary<Type, Codec> s_codecs = new(BuiltInCodecs.All());
    private static readonly ConcurrentDictionary<Type, Type> s_openCodecs = new(BuiltInCodecs.Open());
    private static readonly ConcurrentDictionary<string, Type> s_byAlias = new(BuiltInCodecs.Names());
    private static readonly ConcurrentDictionary<Type, string> s_aliases =
        new(BuiltInCodecs.Names().Select(pair => KeyValuePair.Create(pair.Value, pair.Key)));

    /// <summary>Announces the codec of a type. Called by generated code.</summary>
    /// <param name="alias">The name of the type between processes.</param>
    /// <param name="codec">The codec.</param>
    public static void Register<T>(string alias, Codec<T> codec)
    {
        s_codecs[typeof(T)] = codec;
        Announce(typeof(T), alias);
    }

    /// <summary>Announces the codec of a generic type, both as open types. Called by generated code.</summary>
    public static void RegisterOpen(Type type, string alias, Type codec)
    {
        s_openCodecs[type] = codec;
        Announce(type, alias);
    }

    /// <summary>The codec of a type.</summary>
    internal static Codec Find(Type type) => s_codecs.TryGetValue(type, out Codec? found) ? found : s_codecs.GetOrAdd(type, Make(type));

    /// <summary>The name and the codec of a value's type, for a place that says less of it.</summary>
    internal static (string Alias, Codec Codec) Named(Type type)
    {
        Codec codec = Find(type);
        return (s_aliases.TryGetValue(type, out string? alias) ? alias : s_aliases.GetOrAdd(type, NameOf(type, 0)), codec);
    }

    /// <summary>The codec of the type with this name.</summary>
    internal static Codec Named(string alias)
    {
        if (s_byAlias.TryGetValue(alias, out Type? type) && !type.IsGenericTypeDefinition) return Find(type);
        return Find(TypeNames.Parse(alias, Known));
    }

    private static Type? Known(string alias) => s_byAlias.GetValueOrDefault(alias);

    private static void Announce(Type type, string alias)
    {
        if (s_byAlias.TryAdd(alias, type))
        {
            s_aliases[type] = alias;
        }
        else if (s_byAlias[alias] != type)
        {
            throw new InvalidOperationException($"{type} and {s_byAlias[alias]} have the same [Alias]: {alias}.");
        }
    }

    private static string NameOf(Type type, int depth)
    {
        if (s_aliases.TryGetValue(type, out string? alias)) return alias;
        Type? definition = depth < MaxNameDepth && type.IsConstructedGenericType ? type.GetGenericTypeDefinition() : null;
        if (definition is not null && s_aliases.TryGetValue(definition, out string? open))
            return $"{open}<{string.Join(',', type.GenericTypeArguments.Select(argument => NameOf(argument, depth + 1)))}>";
        throw Missing(type);
    }

    private static Codec Make(Type type)
    {
        // Naming a type does not run its module's initializer, so it is run here.
        RuntimeHelpers.RunModuleConstructor(type.Module.ModuleHandle);
        if (s_codecs.TryGetValue(type, out Codec? announced)) return announced;
        if (type.IsEnum) return Close(typeof(EnumCodec<>), type);
        if (type is { IsArray: true } && type.GetArrayRank() == 1) return Close(typeof(ArrayCodec<>), type.GetElementType()!);
        if (typeof(Exception).IsAssignableFrom(type)) return Close(typeof(ExceptionCodec<>), type);
        if (type.IsInterface && typeof(IAddressable).IsAssignableFrom(type)) return Close(typeof(GrainReferenceCodec<>), type);
        if (!type.IsConstructedGenericType) throw Missing(type);
        Type definition = type.GetGenericTypeDefinition();
        RuntimeHelpers.RunModuleConstructor(definition.Module.ModuleHandle);
        return s_openCodecs.TryGetValue(definition, out Type? codec) ? Close(codec, type.GenericTypeArguments) : throw Missing(type);
    }

    private static Codec Close(Type codec, params Type[] arguments) => (Codec)Activator.CreateInstance(codec.MakeGenericType(arguments))!;

    private static SerializationException Missing(Type type) => new(
        $"{type} cannot cross between processes: mark it [{nameof(GenerateSerializerAttribute)}], in a project that has Runtime.Generators "
        + "as analyzer, or use a type that is built in.");
}
