using System.Runtime.Serialization;
using EsoCore.Runtime.Engine;

namespace EsoCore.Runtime.Serialization;

/// <summary>A single value as a message of its own.</summary>
internal static class MessageBytes
{
    /// <summary>Writes a value.</summary>
    /// <exception cref="SerializationException">It cannot cross, or is larger than <see cref="MessageLimits"/> allow.</exception>
    public static byte[] Write<T>(T value)
    {
        MessageWriter writer = MessageWriter.Start();
        try
        {
            Codecs<T>.Instance.Write(ref writer, 0, value);
            writer.EndGroup();
            return writer.Written.ToArray();
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Reads a value.</summary>
    /// <exception cref="SerializationException">The bytes are none of this type, whatever they are.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> bytes, bool owned = false, GrainRuntime? runtime = null)
    {
        var reader = new MessageReader(bytes, owned, runtime);
        try
        {
            T? value = default;
            while (reader.NextField(out uint id, out WireType type))
            {
                if (id == 0) value = Codecs<T>.Instance.Read(ref reader, type);
                else reader.Skip(type);
            }

            return value!;
        }
        catch (Exception exception) when (exception is not SerializationException)
        {
            // Constructors of messages may check what they are given.
            throw new SerializationException($"Not a {typeof(T)}: {exception.Message}", exception);
        }
    }
}
