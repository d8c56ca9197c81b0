using System.Buffers;
using System.IO.Compression;

namespace EsoCore.Wire;

/// <summary>
/// gzip by the framework's stream, made strict. On its own that stream takes a body cut anywhere, and anything behind the last member, for a good end.
/// So a member of our own is fed to it behind the body: only when every member of the body ended just where the body ends does the stream
/// recognise it and give back exactly its content. A cut body swallows it as data or as a trailer (whose checksum then fails); trailing garbage hides it.
/// This costs nothing per byte, and zlib still verifies each member's checksum and length.
/// </summary>
internal sealed class GzipCodec : IBodyCodec
{
    public static readonly GzipCodec Instance = new();

    private static readonly byte[] Marker = "end-of-body"u8.ToArray();
    private static readonly byte[] MarkerMember = Compress(Marker);

    /// <summary>A member without content; the framework writes nothing at all for an empty body.</summary>
    private static readonly byte[] EmptyMember = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    public bool IsAvailable => true;

    public byte[] Encode(ReadOnlySpan<byte> source) => source.IsEmpty ? [.. EmptyMember] : Compress(source);

    public void Decode(ReadOnlyMemory<byte> source, IBufferWriter<byte> sink)
    {
        using var feed = new Feed(source);
        using var inflater = new GZipStream(feed, CompressionMode.Decompress);
        while (true)
        {
            var window = sink.GetSpan(ContentCodec.WindowBytes);
            if (window.Length > ContentCodec.WindowBytes)
                window = window[..ContentCodec.WindowBytes];
            var read = Read(inflater, window);
            // The stream asks for input only when it has nothing left to give, so one read never mixes the body's content with what comes after.
            if (read == 0 || feed.MarkerServed)
            {
                RequireMarker(inflater, window[..read]);
                return;
            }

            sink.Advance(read);
        }
    }

    private static void RequireMarker(GZipStream inflater, ReadOnlySpan<byte> content)
    {
        Span<byte> more = stackalloc byte[1];
        if (!content.SequenceEqual(Marker) || Read(inflater, more) != 0)
            throw new InvalidDataException("The gzip body is truncated, or something follows its end.");
    }

    private static int Read(GZipStream inflater, Span<byte> window)
    {
        try
        {
            return inflater.Read(window);
        }
        catch (InvalidDataException e)
        {
            // The framework's own message speaks of archive entries and unsupported methods, whatever the fault.
            throw new InvalidDataException("The gzip body is malformed or truncated.", e);
        }
    }

    private static byte[] Compress(ReadOnlySpan<byte> source)
    {
        var target = new MemoryStream(source.Length / 4 + 64);
        using (var deflater = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
            deflater.Write(source);
        return target.ToArray();
    }

    /// <summary>The body, then the marker's member in a read of its own, then the end.</summary>
    private sealed class Feed(ReadOnlyMemory<byte> body) : Stream
    {
        private ReadOnlyMemory<byte> _rest = body;
        private bool _markerFollows = true;

        /// <summary>Whether the inflater has begun to read the marker.</summary>
        public bool MarkerServed => !_markerFollows;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (_rest.IsEmpty && _markerFollows)
                (_rest, _markerFollows) = (MarkerMember, false);
            var count = Math.Min(buffer.Length, _rest.Length);
            _rest.Span[..count].CopyTo(buffer);
            _rest = _rest[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
