namespace EsoCore.Runtime.Serialization;

/// <summary>
/// An exception: its type's name, message, cause and stack trace as text. Types that <see cref="ExceptionTypes"/> knows are made again,
/// others become a <see cref="RemoteGrainException"/>.
/// </summary>
internal sealed class ExceptionCodec<T> : Codec<T> where T : Exception
{
    public override void Write(ref MessageWriter writer, uint id, T value) => ExceptionFields.Write(ref writer, id, value, 0);

    public override T Read(ref MessageReader reader, WireType type)
    {
        if (type == WireType.Null) return null!;
        Exception read = ExceptionFields.Read(ref reader, type);
        return read as T ?? throw reader.Malformed($"a {read.GetType()} in the place of {typeof(T)}");
    }
}

/// <summary>The layout of exceptions.</summary>
internal static class ExceptionFields
{
    /// <summary>How many causes of causes are kept.</summary>
    private const int MaxCauses = 8;

    /// <summary>Characters of a message or a stack trace; what is longer is cut.</summary>
    private const int MaxText = 8 * 1024;

    private const uint TypeId = 0, MessageId = 1, CauseId = 2, TraceId = 3, FirstId = 4, SecondId = 5;

    public static void Write(ref MessageWriter writer, uint id, Exception? value, int depth)
    {
        if (value is null || depth > MaxCauses)
        {
            writer.WriteNull(id);
            return;
        }

        writer.BeginGroup(id);
        writer.WriteText(TypeId, value is RemoteGrainException remote ? remote.OriginalType : value.GetType().FullName!);
        writer.WriteText(MessageId, Cut(ExceptionTypes.MessageOf(value)));
        if (value.InnerException is not null) Write(ref writer, CauseId, value.InnerException, depth + 1);
        if (((value as RemoteGrainException)?.OriginalStackTrace ?? value.StackTrace) is { } trace) writer.WriteText(TraceId, Cut(trace));
        (string? first, string? second) = ExceptionTypes.DetailsOf(value);
        if (first is not null) writer.WriteText(FirstId, first);
        if (second is not null) writer.WriteText(SecondId, second);
        writer.EndGroup();
    }

    public static Exception Read(ref MessageReader reader, WireType group)
    {
        reader.BeginGroup(group);
        string typeName = "", message = "";
        Exception? cause = null;
        string? trace = null, first = null, second = null;
        while (reader.NextField(out uint id, out WireType type))
        {
            switch (id)
            {
                case TypeId: typeName = reader.ReadText(type); break;
                case MessageId: message = reader.ReadText(type); break;
                case CauseId: cause = type == WireType.Null ? null : Read(ref reader, type); break;
                case TraceId: trace = reader.ReadText(type); break;
                case FirstId: first = reader.ReadText(type); break;
                case SecondId: second = reader.ReadText(type); break;
                default: reader.Skip(type); break;
            }
        }

        return ExceptionTypes.Make(new ExceptionParts(typeName, message, cause, trace, first, second));
    }

    private static string Cut(string text) => text.Length <= MaxText ? text : text[..MaxText];
}
