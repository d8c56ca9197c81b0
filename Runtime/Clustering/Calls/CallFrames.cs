using System.Buffers.Binary;
using System.Runtime.Serialization;
using EsoCore.Runtime.CodeGeneration;
using EsoCore.Runtime.Engine;
using EsoCore.Runtime.Serialization;

namespace EsoCore.Runtime.Clustering;

/// <summary>What a request's frame says beside the arguments.</summary>
internal struct RequestHeader
{
    public ulong Correlation;
    public GrainId Grain;
    public int TimeoutMs;
    public int Forwards;

    /// <summary>The version of the members that the sender knew.</summary>
    public long Version;
    public ChainLink[] Chain;
    public Dictionary<string, object>? Context;
}

/// <summary>
/// Calls and answers as frames: the kind, eight bytes of correlation (0: nobody waits), then fields. Arguments come last, so that all that
/// is needed to answer a call with an error is known before they are read.
/// </summary>
internal static class CallFrames
{
    private const int HeaderBytes = 1 + sizeof(ulong);

    private const uint MethodId = 0, TypeId = 1, KeyId = 2, TimeoutId = 3, ForwardsId = 4, ChainId = 5, ContextId = 6;
    private const uint ArgumentsId = 7, VersionId = 8;
    private const uint ResultId = 0, FailureId = 1, RemarksId = 2;

    public static FrameKind KindOf(ReadOnlyMemory<byte> frame) => (FrameKind)frame.Span[0];

    public static ulong CorrelationOf(ReadOnlyMemory<byte> frame) => frame.Length >= HeaderBytes
        ? BinaryPrimitives.ReadUInt64LittleEndian(frame.Span[1..])
        : throw new SerializationException("A frame is shorter than its header.");

    public static void WriteHeader(ref MessageWriter writer, FrameKind kind, ulong correlation)
    {
        Span<byte> header = writer.At(writer.Reserve(HeaderBytes), HeaderBytes);
        header[0] = (byte)kind;
        BinaryPrimitives.WriteUInt64LittleEndian(header[1..], correlation);
    }

    public static void WriteRequest(
        ref MessageWriter writer, ulong correlation, GrainRequest request, GrainId grain, int timeoutMs, int forwards, long version)
    {
        WriteHeader(ref writer, FrameKind.Request, correlation);
        writer.WriteFixed64(MethodId, request.Method.WireId);
        writer.WriteText(TypeId, grain.Type.ToString());
        writer.WriteText(KeyId, grain.Key.ToString());
        writer.WriteVarint(TimeoutId, (ulong)timeoutMs);
        writer.WriteVarint(VersionId, (ulong)version);
        if (forwards > 0) writer.WriteVarint(ForwardsId, (ulong)forwards);
        ChainLink.WriteCallers(ref writer, ChainId, request);
        if (request.ContextValues is { Count: > 0 } values)
            Codecs<Dictionary<string, object>>.Instance.Write(ref writer, ContextId, values);
        writer.BeginGroup(ArgumentsId);
        request.WriteArguments(ref writer);
        writer.EndGroup();
        writer.EndGroup();
    }

    /// <summary>Reads a request.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="owned">Whether the arguments may keep slices of it.</param>
    /// <param name="runtime">What grain references belong to.</param>
    /// <param name="header">What it says beside the arguments, as far as it could be read.</param>
    /// <exception cref="SerializationException">It is no request that can be served here.</exception>
    public static GrainRequest ReadRequest(ReadOnlyMemory<byte> frame, bool owned, GrainRuntime runtime, out RequestHeader header)
    {
        header = new RequestHeader { Correlation = CorrelationOf(frame), Chain = [] };
        var reader = new MessageReader(frame[HeaderBytes..], owned, runtime);
        ulong method = 0;
        string grainType = "", key = "";
        GrainRequest? request = null;
        while (reader.NextField(out uint id, out WireType type))
        {
            switch (id)
            {
                case MethodId: method = reader.ReadFixed64(type); break;
                case TypeId: grainType = runtime.Classes.Intern(reader.ReadSpan(type)); break;
                case KeyId: key = reader.ReadText(type); break;
                case TimeoutId: header.TimeoutMs = (int)Math.Min(int.MaxValue / 2, reader.ReadVarint(type)); break;
                case ForwardsId: header.Forwards = (int)Math.Min(int.MaxValue, reader.ReadVarint(type)); break;
                case VersionId: header.Version = (long)Math.Min(long.MaxValue, reader.ReadVarint(type)); break;
                case ChainId: header.Chain = ChainLink.ReadCallers(ref reader, type); break;
                case ContextId: header.Context = Codecs<Dictionary<string, object>>.Instance.Read(ref reader, type); break;
                case ArgumentsId:
                    request = GrainMethodRegistry.Create(method)
                        ?? throw new SerializationException($"{grainType}/{key} was called with a method that this program does not have.");
                    reader.BeginGroup(type);
                    request.ReadArguments(ref reader);
                    break;
                default: reader.Skip(type); break;
            }
        }

        if (request is null || grainType.Length == 0 || grainType.Contains('/'))
            throw new SerializationException("A call names no grain or no method.");
        header.Grain = GrainId.Create(grainType, key);
        return request;
    }

    public static void WriteResponse(ref MessageWriter writer, ulong correlation, GrainRequest request)
    {
        WriteHeader(ref writer, FrameKind.Response, correlation);
        request.WriteRemarks(ref writer, RemarksId);
        if (request.Failure is { } failure) ExceptionFields.Write(ref writer, FailureId, failure, 0);
        else request.WriteResult(ref writer, ResultId);
        writer.EndGroup();
    }

    public static void WriteFailure(ref MessageWriter writer, ulong correlation, Exception failure)
    {
        WriteHeader(ref writer, FrameKind.Response, correlation);
        ExceptionFields.Write(ref writer, FailureId, failure, 0);
        writer.EndGroup();
    }

    /// <summary>Reads the answer into the request; returns the error if it is one.</summary>
    public static Exception? ReadResponse(ReadOnlyMemory<byte> frame, bool owned, GrainRuntime runtime, GrainRequest request)
    {
        var reader = new MessageReader(frame[HeaderBytes..], owned, runtime);
        Exception? failure = null;
        while (reader.NextField(out uint id, out WireType type))
        {
            switch (id)
            {
                case ResultId: request.ReadResult(ref reader, type); break;
                case FailureId: failure = ExceptionFields.Read(ref reader, type); break;
                case RemarksId: request.ReadRemarks(ref reader, type); break;
                default: reader.Skip(type); break;
            }
        }

        return failure;
    }
}
