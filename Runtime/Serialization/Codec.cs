using System.Runtime.Serialization;

namespace EsoCore.Runtime.Serialization;

/// <summary>Knows how values of one type are written and read. The form without the type serves where it is known only by name.</summary>
public abstract class Codec
{
    /// <summary>The type.</summary>
    public abstract Type Type { get; }

    /// <summary>Tells of the types that its values consist of, so that a start can find one that cannot cross.</summary>
    public virtual void Check(CodecCheck check)
    {
    }

    internal abstract void WriteBoxed(ref MessageWriter writer, uint id, object value);

    internal abstract object? ReadBoxed(ref MessageReader reader, WireType type);

    /// <summary>Writes the fields alone, after the start of a group that names the type.</summary>
    internal virtual void WriteFieldsBoxed(ref MessageWriter writer, object value) => WriteBoxed(ref writer, 0, value);

    /// <summary>Reads the fields and the end of a group that named the type.</summary>
    internal virtual object? ReadFieldsBoxed(ref MessageReader reader)
    {
        object? value = null;
        while (reader.NextField(out uint id, out WireType type))
        {
            if (id == 0) value = ReadBoxed(ref reader, type);
            else reader.Skip(type);
        }

        return value;
    }
}

/// <summary>Knows how values of one type are written and read.</summary>
public abstract class Codec<T> : Codec
{
    /// <inheritdoc/>
    public sealed override Type Type => typeof(T);

    /// <summary>Writes the value as a field.</summary>
    public abstract void Write(ref MessageWriter writer, uint id, T value);

    /// <summary>Reads a field whose tag has been read.</summary>
    /// <exception cref="SerializationException">The bytes are no value of this type.</exception>
    public abstract T Read(ref MessageReader reader, WireType type);

    internal override void WriteBoxed(ref MessageWriter writer, uint id, object value) => Write(ref writer, id, (T)value);

    internal override object? ReadBoxed(ref MessageReader reader, WireType type) => Read(ref reader, type);
}

/// <summary>The base of generated codecs of structs.</summary>
public abstract class StructCodec<T> : Codec<T> where T : struct
{
    /// <inheritdoc/>
    public sealed override void Write(ref MessageWriter writer, uint id, T value)
    {
        writer.BeginGroup(id);
        WriteFields(ref writer, value);
        writer.EndGroup();
    }

    /// <inheritdoc/>
    public sealed override T Read(ref MessageReader reader, WireType type)
    {
        reader.BeginGroup(type);
        return ReadFields(ref reader);
    }

    /// <summary>Writes the members.</summary>
    protected abstract void WriteFields(ref MessageWriter writer, in T value);

    /// <summary>Reads the members up to the end of the group.</summary>
    protected abstract T ReadFields(ref MessageReader reader);

    internal sealed override void WriteFieldsBoxed(ref MessageWriter writer, object value) => WriteFields(ref writer, (T)value);

    internal sealed override object? ReadFieldsBoxed(ref MessageReader reader) => ReadFields(ref reader);
}

/// <summary>The base of generated codecs of classes. A value of a derived class names its type.</summary>
public abstract class ClassCodec<T> : Codec<T> where T : class
{
    private static readonly bool s_sealed = typeof(T).IsSealed;

    /// <inheritdoc/>
    public sealed override void Write(ref MessageWriter writer, uint id, T value)
    {
        if (value is null)
        {
            writer.WriteNull(id);
            return;
        }

        if (s_sealed || value.GetType() == typeof(T))
        {
            writer.BeginGroup(id);
            WriteFields(ref writer, value);
        }
        else
        {
            (string alias, Codec codec) = CodecRegistry.Named(value.GetType());
            writer.BeginGroup(id, alias);
            codec.WriteFieldsBoxed(ref writer, value);
        }

        writer.EndGroup();
    }

    /// <inheritdoc/>
    public sealed override T Read(ref MessageReader reader, WireType type)
    {
        if (type == WireType.Null) return null!;
        if (type != WireType.TypedGroup)
        {
            reader.BeginGroup(type);
            return ReadFields(ref reader);
        }

        string alias = reader.BeginTypedGroup();
        Codec codec = CodecRegistry.Named(alias);
        if (!typeof(T).IsAssignableFrom(codec.Type)) throw reader.Malformed($"a '{alias}' in the place of {typeof(T)}");
        return (T)codec.ReadFieldsBoxed(ref reader)!;
    }

    /// <summary>Writes the members.</summary>
    protected abstract void WriteFields(ref MessageWriter writer, T value);

    /// <summary>Reads the members up to the end of the group.</summary>
    protected abstract T ReadFields(ref MessageReader reader);

    internal sealed override void WriteFieldsBoxed(ref MessageWriter writer, object value) => WriteFields(ref writer, (T)value);

    internal sealed override object? ReadFieldsBoxed(ref MessageReader reader) => ReadFields(ref reader);
}

/// <summary>The codec of a type, found once.</summary>
public static class Codecs<T>
{
    private static Codec<T>? s_instance;

    /// <summary>The codec.</summary>
    /// <exception cref="SerializationException">Values of the type cannot cross between processes.</exception>
    public static Codec<T> Instance => s_instance ??= (Codec<T>)CodecRegistry.Find(typeof(T));
}

/// <summary>Collects the types among messages that cannot cross.</summary>
public sealed class CodecCheck
{
    private readonly HashSet<Type> _seen = [];

    internal List<string> Errors { get; } = [];

    /// <summary>What is being looked at, for the error.</summary>
    internal string Place { get; set; } = "";

    /// <summary>Looks at a type and what it consists of.</summary>
    public void Add<T>() => Add(typeof(T));

    internal void Add(Type type)
    {
        if (!_seen.Add(type)) return;
        try
        {
            CodecRegistry.Find(type).Check(this);
        }
        catch (SerializationException exception)
        {
            Errors.Add($"{Place}: {exception.Message}");
        }
    }
}
