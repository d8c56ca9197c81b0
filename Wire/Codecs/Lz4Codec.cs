using System.Buffers;
using System.Runtime.InteropServices;

namespace EsoCore.Wire;

/// <summary>
/// The LZ4 frame format by the system's liblz4. A context is freed after each body: making one costs little, its buffers (8 MiB at
/// most, by the frame's block size) cannot be measured, and the format is the rarest of the four.
/// </summary>
internal sealed unsafe partial class Lz4Codec : IBodyCodec
{
    public static readonly Lz4Codec Instance = new();

    private const uint ApiVersion = 100; // LZ4F_VERSION

    public bool IsAvailable => NativeCodecLibrary.IsLz4Loaded;

    public byte[] Encode(ReadOnlySpan<byte> source)
    {
        var target = new byte[checked((int)LZ4F_compressFrameBound((nuint)source.Length, 0))];
        fixed (byte* from = source, to = target)
        {
            var written = LZ4F_compressFrame(to, (nuint)target.Length, from, (nuint)source.Length, 0);
            if (LZ4F_isError(written) != 0)
                throw new InvalidOperationException($"lz4 cannot compress: {NameOfError(written)}.");
            return target.AsSpan(0, (int)written).ToArray();
        }
    }

    public void Decode(ReadOnlyMemory<byte> source, IBufferWriter<byte> sink)
    {
        if (LZ4F_isError(LZ4F_createDecompressionContext(out var context, ApiVersion)) != 0)
            throw new OutOfMemoryException("liblz4 cannot make a context.");
        try
        {
            Decode(context, source.Span, sink);
        }
        finally
        {
            LZ4F_freeDecompressionContext(context);
        }
    }

    private static void Decode(nint context, ReadOnlySpan<byte> source, IBufferWriter<byte> sink)
    {
        fixed (byte* from = source)
        {
            nuint position = 0;
            while (true)
            {
                var window = sink.GetSpan(ContentCodec.WindowBytes);
                var room = (nuint)Math.Min(window.Length, ContentCodec.WindowBytes);
                var written = room;
                var read = (nuint)source.Length - position;
                nuint result;
                fixed (byte* to = window)
                    result = LZ4F_decompress(context, to, ref written, from + position, ref read, 0);

                if (LZ4F_isError(result) != 0)
                    throw new InvalidDataException($"The lz4 body is malformed: {NameOfError(result)}.");
                sink.Advance((int)written);
                position += read;
                var allRead = position == (nuint)source.Length;
                if (allRead && result == 0)
                    return; // A frame ended just where the body ends.
                if ((allRead && written < room) || (written == 0 && read == 0))
                    throw new InvalidDataException("The lz4 body is truncated.");
            }
        }
    }

    private static string NameOfError(nuint code) => Marshal.PtrToStringUTF8(LZ4F_getErrorName(code)) ?? "unknown error";

    [LibraryImport(NativeCodecLibrary.Lz4)]
    private static partial nuint LZ4F_compressFrameBound(nuint size, nint preferences);

    [LibraryImport(NativeCodecLibrary.Lz4)]
    private static partial nuint LZ4F_compressFrame(byte* target, nuint targetSize, byte* source, nuint sourceSize, nint preferences);

    [LibraryImport(NativeCodecLibrary.Lz4)]
    private static partial nuint LZ4F_createDecompressionContext(out nint context, uint version);

    [LibraryImport(NativeCodecLibrary.Lz4)]
    private static partial nuint LZ4F_freeDecompressionContext(nint context);

    [LibraryImport(NativeCodecLibrary.Lz4)]
    private static partial nuint LZ4F_decompress(nint context, byte* target, ref nuint targetSize, byte* source, ref nuint sourceSize, nint options);

    [LibraryImport(NativeCodecLibrary.Lz4)]
    private static partial uint LZ4F_isError(nuint code);

    [LibraryImport(NativeCodecLibrary.Lz4)]
    private static partial nint LZ4F_getErrorName(nuint code);
}
