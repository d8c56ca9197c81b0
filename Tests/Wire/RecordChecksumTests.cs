using System.Buffers;
using System.Text;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Wire;

public sealed class RecordChecksumTests
{
    [Fact]
    public void Compute_PublishedCheckValue_Matches() => Assert.Equal(0xCBF43926u, RecordChecksum.Compute("123456789"u8));

    [Fact]
    public void Compute_EveryLength_AgreesWithTheBitwiseDefinition()
    {
        var data = new byte[70];
        new Random(3).NextBytes(data);
        for (var length = 0; length <= data.Length; length++)
            Assert.Equal(Bitwise(data.AsSpan(0, length)), RecordChecksum.Compute(data.AsSpan(0, length)));
    }

    [Theory]
    [InlineData("{}", """{"crc32":"$"}""")]
    [InlineData("""{"a":1}""", """{"a":1,"crc32":"$"}""")]
    [InlineData("""{"a":1}""", """{"crc32":"$","a":1}""")]
    [InlineData("""{"a":1,"b":{"crc32":"x"}}""", """{"a":1,"crc32":"$","b":{"crc32":"x"}}""")]
    [InlineData("""{"a": 1, "b": 2}""", """{"a": 1, "b": 2, "crc32": "$"}""")]
    [InlineData("""{"a": 1}""", """{"crc32": "$", "a": 1}""")]
    [InlineData("""{ "a": "°C" }""", """{ "a": "°C", "crc32" : "$" }""")]
    public void TryVerify_MemberAnywhere_CoversTheRestOfTheText(string without, string with)
    {
        var crc = RecordChecksum.Compute(Encoding.UTF8.GetBytes(without));
        foreach (var digits in new[] { crc.ToString("x8"), crc.ToString("X8") })
        {
            Assert.True(RecordChecksum.TryVerify(Encoding.UTF8.GetBytes(with.Replace("$", digits)), out var matches));
            Assert.True(matches);
        }

        Assert.True(RecordChecksum.TryVerify(Encoding.UTF8.GetBytes(with.Replace("$", (crc ^ 1).ToString("x8"))), out var wrong));
        Assert.False(wrong);
    }

    [Theory]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"meta":{"crc32":"00000000"}}""")]
    [InlineData("""{"a":"crc32"}""")]
    [InlineData("""["crc32"]""")]
    [InlineData("""{"crc32":""")]
    [InlineData("")]
    public void TryVerify_NothingToVerify_IsFalse(string text) => Assert.False(RecordChecksum.TryVerify(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("""{"a":1,"crc32":7}""")]
    [InlineData("""{"a":1,"crc32":null}""")]
    [InlineData("""{"a":1,"crc32":"123"}""")]
    [InlineData("""{"a":1,"crc32":"1234567g"}""")]
    [InlineData("""{"a":1,"crc32":["e8b7be43"]}""")]
    public void TryVerify_MalformedMember_DoesNotMatch(string text)
    {
        Assert.True(RecordChecksum.TryVerify(Encoding.UTF8.GetBytes(text), out var matches));
        Assert.False(matches);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"ts":"2025-01-15T14:30:22.123Z","series":"temp_ambient","val":23.5,"unit":"°C"}""")]
    public void Seal_Record_VerifiesAndNoticesAnyFlippedBit(string record)
    {
        var sink = new ArrayBufferWriter<byte>();
        RecordChecksum.Seal(Encoding.UTF8.GetBytes(record), sink);
        var text = sink.WrittenSpan.ToArray();
        Assert.EndsWith("\"}", Encoding.UTF8.GetString(text), StringComparison.Ordinal);
        Assert.True(RecordChecksum.TryVerify(text, out var matches) && matches);

        for (var bit = 0; bit < (text.Length - 20) * 8; bit++)
        {
            var damaged = text.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(RecordChecksum.TryVerify(damaged, out var still) && still);
        }
    }

    private static uint Bitwise(ReadOnlySpan<byte> data)
    {
        var crc = ~0u;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }
}
