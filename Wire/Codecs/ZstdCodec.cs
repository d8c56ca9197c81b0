using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace EsoCore.Wire;

/// <summary>zstd by the system's libzstd, with streaming decompression contexts kept for reuse.</summary>
internal sealed unsafe partial class ZstdCodec : IBodyCodec
{
    public static readonly ZstdCodec Instance = new();

    private const int CompressionLevel = 1;

    // RFC 9659: as a content coding, zstd needs a window of 8 MiB at most. A frame that claims more is refused before anything is allocated for it.
    private const int MaxWindowLog = 23;
    private const int ParameterWindowLogMax = 100; // ZSTD_d_windowLogMax
    private const int ResetSessionOnly = 1; // ZSTD_reset_session_only

    /// <summary>Contexts kept at rest; those beyond are freed.</summary>
    private const int MaxIdleContexts = 16;

    /// <summary>A context that a large window has grown beyond this is freed rather than kept, so those at rest hold 64 MiB at most.</summary>
    private const nuint MaxIdleContextBytes = 4 * 1024 * 1024;

    private readonly ConcurrentBag<nint> _idle = [];
    private int _idleCount;

    public bool IsAvailable => NativeCodecLibrary.IsZstdLoaded;

    public byte[] Encode(ReadOnlySpan<byte> source)
    {
        var target = new byte[checked((int)ZSTD_compressBound((nuint)source.Length))];
        fixed (byte* from = source, to = target)
        {
            var written = ZSTD_compress(to, (nuint)target.Length, from, (nuint)source.Length, CompressionLevel);
            if (ZSTD_isError(written) != 0)
                throw new InvalidOperationException($"zstd cannot compress: {NameOfError(written)}.");
            return target.AsSpan(0, (int)written).ToArray();
        }
    }

    public void Decode(ReadOnlyMemory<byte> source, IBufferWriter<byte> sink)
    {
        var context = Rent();
        try
        {
            Decode(context, source.Span, sink);
        }
        finally
        {
            Return(context);
        }
    }

    private static void Decode(nint context, ReadOnlySpan<byte> source, IBufferWriter<byte> sink)
    {
        fixed (byte* from = source)
        {
            var input = new Buffer { Start = from, Size = (nuint)source.Length };
            while (true)
            {
                var window = sink.GetSpan(ContentCodec.WindowBytes);
                var consumed = input.Position;
                nuint result;
                var output = new Buffer { Size = (nuint)Math.Min(window.Length, ContentCodec.WindowBytes) };
                fixed (byte* to = window)
                {
                    output.Start = to;
                    result = ZSTD_decompressStream(context, ref output, ref input);
                }

                if (ZSTD_isError(result) != 0)
                    throw new InvalidDataException($"The zstd body is malformed: {NameOfError(result)}.");
                sink.Advance((int)output.Position);
                var allRead = input.Position == input.Size;
                if (allRead && result == 0)
                    return; // A frame ended just where the body ends.
                // All input is read and the window is not full, so nothing is held back: the frame's end is missing.
                if ((allRead && output.Position < output.Size) || (output.Position == 0 && input.Position == consumed))
                    throw new InvalidDataException("The zstd body is truncated.");
            }
        }
    }

    private nint Rent()
    {
        if (_idle.TryTake(out var idle))
        {
            Interlocked.Decrement(ref _idleCount);
            return idle;
        }

        var made = ZSTD_createDCtx();
        if (made == 0)
            throw new OutOfMemoryException("libzstd cannot make a context.");
        ZSTD_DCtx_setParameter(made, ParameterWindowLogMax, MaxWindowLog);
        return made;
    }

    private void Return(nint context)
    {
        ZSTD_DCtx_reset(context, ResetSessionOnly);
        if (ZSTD_sizeof_DCtx(context) <= MaxIdleContextBytes && Interlocked.Increment(ref _idleCount) <= MaxIdleContexts)
        {
            _idle.Add(context);
            return;
        }

        if (ZSTD_sizeof_DCtx(context) <= MaxIdleContextBytes)
            Interlocked.Decrement(ref _idleCount);
        ZSTD_freeDCtx(context);
    }

    private static string NameOfError(nuint code) => Marshal.PtrToStringUTF8(ZSTD_getErrorName(code)) ?? "unknown error";

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer, which have the same shape.</summary>
    private struct Buffer
    {
        public byte* Start;
        public nuint Size;
        public nuint Position;
    }

    [LibraryImport(NativeCodecLibrary.Zstd)]
    private static partial nuint ZSTD_compressBound(nuint size);

    [LibraryImport(NativeCodecLibrary.Zstd)]
    private static partial nuint ZSTD_compress(byte* target, nuint targetSize, byte* source, nuint sourceSize, int level);

    [LibraryImport(NativeCodecLibrary.Zstd)]
    private static partial nint ZSTD_createDCtx();

    [LibraryImport(NativeCodecLibrary.Zstd)]
    private static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(NativeCodecLibrary.Zstd)]
    private static partial nuint ZSTD_sizeof_DCtx(nint context);

    [LibraryImport(NativeCodecLibrary.Zstd)]
    private static partial nuint ZSTD_DCtx_setParameter(nint context, int parameter, int value);

    [LibraryImport(NativeCodecLibrary.Zstd)]
    private static partial nuint ZSTD_DCtx_reset(nint context, int what);

    [LibraryImport(NativeCodecLibrary.Zstd)]
    private static partial nuint ZSTD_decompressStream(nint context, ref Buffer output, ref Buffer input);

    [LibraryImport(NativeCodecLibrary.Zstd)]
    private static partial uint ZSTD_isError(nuint code);

    [LibraryImport(NativeCodecLibrary.Zstd)]
    private static partial nint ZSTD_getErrorName(nuint code);
}
