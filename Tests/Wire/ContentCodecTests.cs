using System.Buffers;
using System.IO.Compression;
using System.Text;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Wire;

public sealed class ContentCodecTests
{
    private static readonly ContentCoding[] Compressing = [ContentCoding.Gzip, ContentCoding.Zstd, ContentCoding.Lz4];

    public static TheoryData<ContentCoding> Codings => new(Compressing.Where(ContentCodec.IsAvailable));

    public static TheoryData<ContentCoding, int> CodingsAndSizes
    {
        get
        {
            var data = new TheoryData<ContentCoding, int>();
            foreach (var coding in Enum.GetValues<ContentCoding>().Where(ContentCodec.IsAvailable))
            {
                foreach (var size in new[] { 0, 1, 100, ContentCodec.WindowBytes - 1, ContentCodec.WindowBytes, ContentCodec.WindowBytes + 1, 1_000_000 })
                    data.Add(coding, size);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(CodingsAndSizes))]
    public void Decode_OfEncode_GivesTheBodyBack(ContentCoding coding, int size)
    {
        foreach (var body in new[] { Random(size), Text(size), new byte[size] })
            Assert.True(body.AsSpan().SequenceEqual(Decode(coding, ContentCodec.Encode(coding, body))));
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Decode_CutAtAnyByte_IsRefused(ContentCoding coding)
    {
        foreach (var body in new[] { Text(700), Random(300) })
        {
            var whole = ContentCodec.Encode(coding, body);
            for (var length = 0; length < whole.Length; length++)
                Assert.Throws<InvalidDataException>(() => Decode(coding, whole[..length]));
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Decode_LongBodyCutNearAnyWindow_IsRefused(ContentCoding coding)
    {
        var whole = ContentCodec.Encode(coding, Random(200_000));
        foreach (var length in new[] { 8_191, 8_192, 8_193, 65_535, 65_536, 65_537, whole.Length - 9, whole.Length - 8, whole.Length - 5, whole.Length - 4, whole.Length - 1 })
            Assert.Throws<InvalidDataException>(() => Decode(coding, whole[..length]));
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Decode_WithTrailingGarbage_IsRefused(ContentCoding coding)
    {
        var whole = ContentCodec.Encode(coding, Text(700));
        foreach (var garbage in new byte[][] { [0], [(byte)'\n'], [0x1f], [0x1f, 0x8b], [0x1f, 0x8b, 8], new byte[30], Random(20_000) })
            Assert.Throws<InvalidDataException>(() => Decode(coding, [.. whole, .. garbage]));
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Decode_SeveralMembersInARow_GivesThemJoined(ContentCoding coding)
    {
        var (first, second) = (Text(9_000), Random(9_000));
        byte[] joined = [.. ContentCodec.Encode(coding, first), .. ContentCodec.Encode(coding, []), .. ContentCodec.Encode(coding, second)];
        Assert.Equal([.. first, .. second], Decode(coding, joined));
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Decode_SeveralMembersCutAtAnyByte_GivesOnlyWholeOnes(ContentCoding coding)
    {
        var member = ContentCodec.Encode(coding, Text(40));
        byte[] joined = [.. member, .. member];
        for (var length = 1; length < joined.Length; length++)
        {
            if (length == member.Length)
                Assert.Equal(Text(40), Decode(coding, joined[..length]));
            else
                Assert.Throws<InvalidDataException>(() => Decode(coding, joined[..length]));
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Decode_WithAnyBitFlipped_NeverFailsOtherwise(ContentCoding coding)
    {
        var whole = ContentCodec.Encode(coding, Text(300));
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var damaged = whole.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            // Some bits (a file name's, a time's) change nothing; what matters is that nothing but the documented error comes out.
            var error = Record.Exception(() => Decode(coding, damaged));
            Assert.True(error is null or InvalidDataException, $"bit {bit}: {error}");
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Decode_Bomb_IsStoppedByTheSinkWithinOneWindow(ContentCoding coding)
    {
        const int limit = 1_000_000;
        var bomb = ContentCodec.Encode(coding, new byte[50_000_000]);
        var sink = new LimitedSink(limit);
        Assert.Throws<LimitReachedException>(() => ContentCodec.Decode(coding, bomb, sink));
        Assert.InRange(sink.Written, limit - ContentCodec.WindowBytes, limit + ContentCodec.WindowBytes);
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Decode_AfterAFailure_WorksAgain(ContentCoding coding)
    {
        var good = ContentCodec.Encode(coding, Text(5_000));
        for (var i = 0; i < 100; i++)
        {
            Assert.Throws<InvalidDataException>(() => Decode(coding, good[..(good.Length / 2)]));
            Assert.Equal(Text(5_000), Decode(coding, good));
        }
    }

    [Theory]
    [MemberData(nameof(Codings))]
    public void Decode_OnManyThreads_KeepsBodiesApart(ContentCoding coding)
    {
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"{i},", 5_000)));
            Assert.Equal(body, Decode(coding, ContentCodec.Encode(coding, body)));
        });
    }

    [Fact]
    public void Decode_ZstdFrameThatClaimsAHugeWindow_IsRefused()
    {
        if (!ContentCodec.IsAvailable(ContentCoding.Zstd))
            return;
        // Magic, a descriptor without content size or single segment, then a window descriptor of 2^(10 + 17) bytes.
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 17 << 3, 1, 0, 0];
        var error = Assert.Throws<InvalidDataException>(() => Decode(ContentCoding.Zstd, frame));
        Assert.Contains("memory", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_GzipWithAllHeaderFields_IsTaken()
    {
        var body = Text(100);
        var plain = ContentCodec.Encode(ContentCoding.Gzip, body);
        byte[] member = [0x1f, 0x8b, 8, 4 | 8 | 16, 0, 0, 0, 0, 0, 0xff, 2, 0, 7, 7, (byte)'n', 0, (byte)'c', 0, .. plain[10..]];
        Assert.Equal(body, Decode(ContentCoding.Gzip, member));
        for (var length = 0; length < member.Length; length++)
            Assert.Throws<InvalidDataException>(() => Decode(ContentCoding.Gzip, member[..length]));
    }

    [Fact]
    public void Decode_GzipOfEveryLevel_IsTaken()
    {
        foreach (var level in Enum.GetValues<CompressionLevel>())
        {
            var target = new MemoryStream();
            using (var deflater = new GZipStream(target, level))
                deflater.Write(Text(100_000));
            Assert.Equal(Text(100_000), Decode(ContentCoding.Gzip, target.ToArray()));
        }
    }

    [Fact]
    public void Decode_Identity_ComesInWindows()
    {
        var sink = new LimitedSink(int.MaxValue);
        ContentCodec.Decode(ContentCoding.Identity, new byte[200_000], sink);
        Assert.Equal(200_000, sink.Written);
        Assert.True(sink.LargestStep <= ContentCodec.WindowBytes);
    }

    [Theory]
    [InlineData(null, ContentCoding.Identity)]
    [InlineData("", ContentCoding.Identity)]
    [InlineData("Identity", ContentCoding.Identity)]
    [InlineData("GZIP", ContentCoding.Gzip)]
    [InlineData("zstd", ContentCoding.Zstd)]
    [InlineData("lz4", ContentCoding.Lz4)]
    public void TryParse_KnownName_IsTaken(string? header, ContentCoding expected)
    {
        Assert.True(ContentCodec.TryParse(header, out var coding));
        Assert.Equal(expected, coding);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("gzip, zstd")]
    public void TryParse_AnotherName_IsRefused(string header) => Assert.False(ContentCodec.TryParse(header, out _));

    [Fact]
    public void NameOf_EveryCoding_ParsesBack()
    {
        foreach (var coding in Enum.GetValues<ContentCoding>())
        {
            Assert.True(ContentCodec.TryParse(ContentCodec.NameOf(coding), out var parsed));
            Assert.Equal(coding, parsed);
        }
    }

    private static byte[] Decode(ContentCoding coding, byte[] source)
    {
        var sink = new ArrayBufferWriter<byte>();
        ContentCodec.Decode(coding, source, sink);
        return sink.WrittenSpan.ToArray();
    }

    private static byte[] Random(int size)
    {
        var bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Text(int size)
    {
        var text = new StringBuilder(size + 40);
        for (var i = 0; text.Length < size; i++)
            text.Append("{\"series\":\"temp\",\"val\":").Append(i * 7919 % 1000).Append("}\n");
        return Encoding.ASCII.GetBytes(text.ToString(0, size));
    }
}
