namespace EsoCore.Runtime.Serialization;

/// <summary>Text as UTF-8.</summary>
internal sealed class StringCodec : Codec<string>
{
    public override void Write(ref MessageWriter writer, uint id, string value)
    {
        if (value is null) writer.WriteNull(id);
        else writer.WriteText(id, value);
    }

    public override string Read(ref MessageReader reader, WireType type) => type == WireType.Null ? null! : reader.ReadText(type);
}

/// <summary>An array of bytes.</summary>
internal sealed class ByteArrayCodec : Codec<byte[]>
{
    public override void Write(ref MessageWriter writer, uint id, byte[] value)
    {
        if (value is null) writer.WriteNull(id);
        else writer.WriteBytes(id, value);
    }

    public override byte[] Read(ref MessageReader reader, WireType type) =>
        type == WireType.Null ? null! : reader.ReadSpan(type).ToArray();
}

/// <summary>Bytes; on receipt of a large message a slice of it.</summary>
internal sealed class MemoryCodec : Codec<ReadOnlyMemory<byte>>
{
    public override void Write(ref MessageWriter writer, uint id, ReadOnlyMemory<byte> value) => writer.WriteBytes(id, value.Span);

    public override ReadOnlyMemory<byte> Read(ref MessageReader reader, WireType type) => reader.ReadMemory(type);
}

/// <summary>The identity of a grain as <c>type/key</c>.</summary>
internal sealed class GrainIdCodec : Codec<GrainId>
{
    public override void Write(ref MessageWriter writer, uint id, GrainId value)
    {
        if (value.IsDefault) writer.WriteNull(id);
        else writer.WriteText(id, value.ToString());
    }

    public override GrainId Read(ref MessageReader reader, WireType type)
    {
        if (type == WireType.Null) return default;
        string text = reader.ReadText(type);
        return GrainId.TryParse(text, out GrainId value) ? value : throw reader.Malformed($"'{text}', which names no grain,");
    }
}

/// <summary>The identity of a stream: namespace and key.</summary>
internal sealed class StreamIdCodec : StructCodec<StreamId>
{
    protected override void WriteFields(ref MessageWriter writer, in StreamId value)
    {
        if (value.GetNamespace() is { } ns) writer.WriteText(0, ns);
        writer.WriteText(1, value.GetKeyAsString());
    }

    protected override StreamId ReadFields(ref MessageReader reader)
    {
        string? ns = null;
        string key = "";
        while (reader.NextField(out uint id, out WireType type))
        {
            if (id == 0) ns = reader.ReadText(type);
            else if (id == 1) key = reader.ReadText(type);
            else reader.Skip(type);
        }

        return StreamId.Create(ns, key);
    }
}

/// <summary>A reference to a grain: its identity; the reference belongs to the process that reads it.</summary>
internal sealed class GrainReferenceCodec<T> : Codec<T> where T : class, IAddressable
{
    public override void Write(ref MessageWriter writer, uint id, T value) =>
        Codecs<GrainId>.Instance.Write(ref writer, id, value is null ? default : value.GetGrainId());

    public override T Read(ref MessageReader reader, WireType type)
    {
        GrainId grainId = Codecs<GrainId>.Instance.Read(ref reader, type);
        if (grainId.IsDefault) return null!;
        return reader.Runtime is { } runtime ? runtime.GetGrain<T>(grainId) : throw reader.Malformed("a grain reference outside a silo");
    }
}

/// <summary>A value of which the place says nothing: it names its type.</summary>
internal sealed class ObjectCodec : Codec<object>
{
    public override void Write(ref MessageWriter writer, uint id, object value)
    {
        if (value is null)
        {
            writer.WriteNull(id);
            return;
        }

        (string alias, Codec codec) = CodecRegistry.Named(value.GetType());
        writer.BeginGroup(id, alias);
        codec.WriteFieldsBoxed(ref writer, value);
        writer.EndGroup();
    }

    public override object Read(ref MessageReader reader, WireType type)
    {
        if (type == WireType.Null) return null!;
        if (type != WireType.TypedGroup) throw reader.Malformed("an object without a type");
        return CodecRegistry.Named(reader.BeginTypedGroup()).ReadFieldsBoxed(ref reader)!;
    }
}

/// <summary>No result.</summary>
internal sealed class NothingCodec : Codec<CodeGeneration.Nothing>
{
    public override void Write(ref MessageWriter writer, uint id, CodeGeneration.Nothing value) => writer.WriteNull(id);

    public override CodeGeneration.Nothing Read(ref MessageReader reader, WireType type)
    {
        reader.Skip(type);
        return default;
    }
}
