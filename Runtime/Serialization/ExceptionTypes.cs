using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Serialization;

namespace EsoCore.Runtime.Serialization;

/// <summary>What crosses of an exception.</summary>
internal sealed record ExceptionParts(string Type, string Message, Exception? Cause, string? Trace, string? First, string? Second);

/// <summary>
/// The exceptions that are made again on the other side: those of the framework that callers tell apart, the engine's, and the public ones
/// of the projects that hold grains and their interfaces, if they have a constructor of a message and a cause. No other type is ever made.
/// </summary>
internal static class ExceptionTypes
{
    private static readonly ConcurrentDictionary<string, Func<ExceptionParts, Exception>> s_known = new(Framework());

    /// <summary>Adds the public exceptions of an assembly.</summary>
    public static void AddAssembly(Assembly assembly)
    {
        foreach (Type type in assembly.GetTypes())
        {
            if (type is not { IsVisible: true, IsAbstract: false, IsGenericType: false } || !type.IsSubclassOf(typeof(Exception))) continue;
            if (type.GetConstructor([typeof(string), typeof(Exception)]) is { } both)
                s_known.TryAdd(type.FullName!, parts => (Exception)both.Invoke([parts.Message, parts.Cause]));
            else if (type.GetConstructor([typeof(string)]) is { } one)
                s_known.TryAdd(type.FullName!, parts => (Exception)one.Invoke([parts.Message]));
        }
    }

    /// <summary>The exception, or a stand-in that names its type.</summary>
    public static Exception Make(ExceptionParts parts) => s_known.TryGetValue(parts.Type, out Func<ExceptionParts, Exception>? make)
        ? make(parts)
        : new RemoteGrainException(parts.Type, parts.Message, parts.Trace, parts.Cause);

    /// <summary>The message without what the constructor will add to it again.</summary>
    public static string MessageOf(Exception exception)
    {
        string message = exception is RemoteGrainException remote ? remote.OriginalMessage : exception.Message;
        if (exception is not ArgumentException { ParamName: { Length: > 0 } name }) return message;
        string added = $" (Parameter '{name}')";
        return message.Replace(added, "", StringComparison.Ordinal);
    }

    /// <summary>Up to two texts that a type has beside its message.</summary>
    public static (string? First, string? Second) DetailsOf(Exception exception) => exception switch
    {
        ArgumentException argument => (argument.ParamName, null),
        InconsistentStateException conflict => (conflict.StoredEtag, conflict.CurrentEtag),
        _ => default,
    };

    private static IEnumerable<KeyValuePair<string, Func<ExceptionParts, Exception>>> Framework() =>
        new Dictionary<Type, Func<ExceptionParts, Exception>>
        {
            [typeof(Exception)] = parts => new Exception(parts.Message, parts.Cause),
            [typeof(TimeoutException)] = parts => new TimeoutException(parts.Message, parts.Cause),
            [typeof(OperationCanceledException)] = parts => new OperationCanceledException(parts.Message, parts.Cause),
            [typeof(TaskCanceledException)] = parts => new TaskCanceledException(parts.Message, parts.Cause),
            [typeof(InvalidOperationException)] = parts => new InvalidOperationException(parts.Message, parts.Cause),
            [typeof(ObjectDisposedException)] = parts => new ObjectDisposedException(parts.Message, parts.Cause),
            [typeof(ArgumentException)] = parts => new ArgumentException(parts.Message, parts.First, parts.Cause),
            [typeof(ArgumentNullException)] = parts => new ArgumentNullException(parts.First, parts.Message),
            [typeof(ArgumentOutOfRangeException)] = parts => new ArgumentOutOfRangeException(parts.First, parts.Message),
            [typeof(NotSupportedException)] = parts => new NotSupportedException(parts.Message, parts.Cause),
            [typeof(NotImplementedException)] = parts => new NotImplementedException(parts.Message, parts.Cause),
            [typeof(FormatException)] = parts => new FormatException(parts.Message, parts.Cause),
            [typeof(OverflowException)] = parts => new OverflowException(parts.Message, parts.Cause),
            [typeof(InvalidCastException)] = parts => new InvalidCastException(parts.Message, parts.Cause),
            [typeof(KeyNotFoundException)] = parts => new KeyNotFoundException(parts.Message, parts.Cause),
            [typeof(UnauthorizedAccessException)] = parts => new UnauthorizedAccessException(parts.Message, parts.Cause),
            [typeof(IOException)] = parts => new IOException(parts.Message, parts.Cause),
            [typeof(InvalidDataException)] = parts => new InvalidDataException(parts.Message, parts.Cause),
            [typeof(SerializationException)] = parts => new SerializationException(parts.Message, parts.Cause),
            [typeof(LimitExceededException)] = parts => new LimitExceededException(parts.Message),
            [typeof(SiloUnavailableException)] = parts => new SiloUnavailableException(parts.Message),
            [typeof(CallOutcomeUnknownException)] = parts => new CallOutcomeUnknownException(parts.Message),
            [typeof(ReminderException)] = parts => new ReminderException(parts.Message),
            [typeof(InconsistentStateException)] = parts =>
                new InconsistentStateException(parts.Message, parts.First, parts.Second, parts.Cause) { IsAtSource = false },
        }.Select(pair => KeyValuePair.Create(pair.Key.FullName!, pair.Value));
}
