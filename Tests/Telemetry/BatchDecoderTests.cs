using System.Text;
using EsoCore.Telemetry;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Telemetry;

public class BatchDecoderTests
{
    private const string First =
        """{"ts":"2025-01-15T14:30:22.123Z","device_id":"DEVICE001","site_id":"WAREHOUSE_A","asset_id":"ASSET_3","series":"temp_ambient","val":23.5,"unit":"°C","meta":{"firmware_ver":"1.2.3","sensor_id":"SHT40_01","sample_rate":1000}}""";

    private const string Second = """{"timestamp":"2025-01-15T14:30:22.123Z","metric":"temp_ambient","value":23.5,"unit":"°C","meta":{}}""";

    private readonly DecodingHarness _harness = new();

    [Fact]
    public void Open_BothDialectsInOneArray_ReadsBoth()
    {
        using var opened = _harness.Open($"[{First},{Second}]");
        Assert.Null(opened.Refusal);
        Assert.Equal(2, opened.Batch.Points.Count);
        Assert.Equal(opened.Batch.Points.TsUs[0], opened.Batch.Points.TsUs[1]);
        Assert.Equal(23.5, opened.Batch.Points.Values[1]);
        Assert.Equal(2, opened.Batch.Series.Count);
        Assert.Equal("""{"firmware_ver":"1.2.3","sample_rate":1000,"sensor_id":"SHT40_01"}""", opened.Batch.Series[0].Meta);
        Assert.Equal("", opened.Batch.Series[1].Meta);
    }

    [Theory]
    [InlineData(ContentCoding.Identity)]
    [InlineData(ContentCoding.Gzip)]
    [InlineData(ContentCoding.Zstd)]
    [InlineData(ContentCoding.Lz4)]
    public void Open_EveryCodingAndLayout_ReadsTheSame(ContentCoding coding)
    {
        foreach (var (body, format) in new[]
                 {
                     ($"[{First},{Second}]", BatchFormat.Json),
                     ($$"""{"sent_at":"2025-01-15T14:31:00Z","records":[{{First}},{{Second}}],"other":[1,{"a":2}]}""", BatchFormat.Json),
                     ($"{First}\n\n{Second}\n", BatchFormat.NdJson),
                     ($"{First}\r\n{Second}", BatchFormat.NdJson),
                 })
        {
            using var opened = _harness.Open(body, format, coding);
            Assert.Null(opened.Refusal);
            Assert.Equal(2, opened.Batch.RecordCount);
            Assert.Empty(opened.Batch.Rejections);
        }

        Assert.Equal(0, _harness.Budget.Used);
    }

    [Fact]
    public void Open_MetaSpelledDifferently_IsOneSeries()
    {
        using var opened = _harness.Open(
            """
            [{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"meta":{"a":1,"b":[2,{"y":1,"x":2}]}},
             {"ts":"2025-01-15T14:30:23Z","series":"\u0074","val":1,"meta":{ "b":[2.0,{"x":2,"y":1.0}],"\u0061":1e0 }}]
            """);
        Assert.Single(opened.Batch.Series);
    }

    [Fact]
    public void Open_AnEventWithANumber_MakesBothAndTheSeriesHasNoMeta()
    {
        using var opened = _harness.Open(
            """[{"ts":"2025-01-15T14:30:22Z","series":"over_torque","val":45.5,"unit":"Nm","asset_id":"D1","meta":{"cycle_id":"c-1","severity":"emergency"}}]""");
        var item = Assert.Single(opened.Batch.Events);
        Assert.Equal("critical", item.Severity);
        Assert.Equal("asset", item.Category);
        Assert.Equal(~0, opened.Batch.Points.Records[0]);
        Assert.Equal("", Assert.Single(opened.Batch.Series).Meta);
    }

    [Fact]
    public void Open_AnUnlistedEvent_TakesItsCategoryFromMeta()
    {
        using var opened = _harness.Open(
            """[{"ts":"2025-01-15T14:30:22Z","series":"belt_slip","val":null,"unit":null,"meta":{"event_type":"drive","severity":"WARNING","description":"slip"}}]""");
        var item = Assert.Single(opened.Batch.Events);
        Assert.Equal(("belt_slip", "drive", "medium", "slip"), (item.EventType, item.Category, item.Severity, item.Details.Description));
    }

    [Fact]
    public void Open_Windows_ReadsStatsAndRawSamples()
    {
        using var opened = _harness.Open(
            """
            [{"ts":"2025-01-15T14:30:22Z","series":"vibration","window_s":4,"stats":{"rms":0.8,"max":2.1,"bandpower":{"10-100":0.3}},"samples":8000},
             {"ts":"2025-01-15T14:30:26Z","series":"vibration","window_s":4,"rate_hz":2000,"encoding":"i16le","scale":0.001,"raw":"AQACAAMA"}]
            """);
        Assert.Empty(opened.Batch.Rejections);
        Assert.Equal(8000, opened.Batch.Windows[0].Samples);
        Assert.Equal([1, 0, 2, 0, 3, 0], opened.Batch.Windows[1].Raw);
        Assert.Equal(0.001, opened.Batch.Windows[1].Scale);
    }

    [Theory]
    [InlineData("""5""", "bad_record")]
    [InlineData("""[1,[2]]""", "bad_record")]
    [InlineData("""{"series":"t","val":1}""", "bad_timestamp")]
    [InlineData("""{"ts":null,"series":"t","val":1}""", "bad_timestamp")]
    [InlineData("""{"ts":1736951422,"series":"t","val":1}""", "bad_timestamp")]
    [InlineData("""{"ts":"yesterday","series":"t","val":1}""", "bad_timestamp")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","timestamp":"2025-01-15T14:30:22Z","series":"t","val":1}""", "two_timestamps")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","val":1}""", "missing_metric")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"","val":1}""", "missing_metric")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t"}""", "missing_value")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":null}""", "missing_value")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":"1"}""", "bad_number")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":[1]}""", "bad_number")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1e400}""", "bad_number")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":9007199254740993}""", "bad_number")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":5,"val":1}""", "bad_string")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t\u0000","val":1}""", "bad_string")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","unit":"\ud800","val":1}""", "bad_string")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","unit":{"a":1},"val":1}""", "bad_string")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"x\ud800":1}""", "bad_string")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"meta":[1]}""", "bad_meta")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"meta":{"a":"\u0000"}}""", "bad_string")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"meta":{"a\udc00":1}}""", "bad_string")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"meta":{"a":1e999}}""", "bad_number")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"meta":{"a":1,"a":2}}""", "duplicate_property")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"val":2}""", "duplicate_property")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"value":1}""", "duplicate_property")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","\u0076al":1,"val":1}""", "duplicate_property")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"v","stats":{"rms":1}}""", "bad_window")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"v","window_s":0,"stats":{"rms":1}}""", "bad_window")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"v","window_s":1,"stats":5}""", "bad_window")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"v","window_s":1,"rate_hz":1,"encoding":"mp3","raw":"AQAC"}""", "bad_window")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"v","window_s":1,"rate_hz":1,"encoding":"i8","raw":"!!"}""", "bad_window")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"v","window_s":1,"encoding":"i8","raw":"AQAC"}""", "bad_window")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"crc32":"00000000"}""", "bad_crc32")]
    [InlineData("""{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"crc32":7}""", "bad_crc32")]
    public void Open_AFaultyRecord_IsRejectedAloneWithItsCode(string record, string code)
    {
        using var opened = _harness.Open($"[{First},{record},{Second}]");
        Assert.Null(opened.Refusal);
        Assert.Equal((1, code), Assert.Single(opened.Batch.Rejections));
        Assert.Equal(record, opened.Batch.RecordText(1));
        Assert.Equal(3, opened.Batch.RecordCount);
        Assert.Equal(2, opened.Batch.Points.Count);
    }

    [Fact]
    public void Open_ALongNameOrMeta_IsRejected()
    {
        var name = new string('x', 129);
        var meta = new string('y', 5_000);
        using var opened = _harness.Open(
            $$$"""[{"ts":"2025-01-15T14:30:22Z","series":"{{{name}}}","val":1},{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"meta":{"a":"{{{meta}}}"}}]""");
        Assert.Equal(["too_long", "too_long"], opened.Batch.Rejections.Select(r => r.Code));
        Assert.Equal(4_096, opened.Batch.RecordText(1).Length);
    }

    [Theory]
    [InlineData(ContentCoding.Gzip)]
    [InlineData(ContentCoding.Zstd)]
    public void Open_AnyRefusal_GivesTheMemoryBack(ContentCoding coding)
    {
        foreach (var body in new[] { """[{"\ud800":1}]""", """{"\ud80000":[]}""", """{"batch_id":"\ud800"}""", "[", "5" })
            _harness.Open(body + new string(' ', 100_000), coding: coding).Dispose();
        Assert.Equal(0, _harness.Budget.Used);
    }

    [Fact]
    public void Open_AHugeMeta_IsRejectedBeforeItIsRead()
    {
        var zeros = string.Join(',', Enumerable.Repeat("0", 500_000));
        var body = Encoding.UTF8.GetBytes($$$"""[{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"meta":{"a":[{{{zeros}}}]}}]""");
        var before = GC.GetAllocatedBytesForCurrentThread();
        using var opened = _harness.Open(body);
        Assert.Equal("too_long", Assert.Single(opened.Batch.Rejections).Code);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void Open_ARightChecksum_IsTaken()
    {
        const string Bare = """{"ts":"2025-01-15T14:30:22Z","series":"t","val":1}""";
        var crc = RecordChecksum.Compute(Encoding.UTF8.GetBytes(Bare));
        using var opened = _harness.Open($"[{Bare[..^1]},\"crc32\":\"{crc:x8}\"}}]");
        Assert.Empty(opened.Batch.Rejections);
        Assert.Equal(1, opened.Batch.Points.Count);
    }

    [Theory]
    [InlineData("", "bad_json")]
    [InlineData("[", "bad_json")]
    [InlineData("[{]", "bad_json")]
    [InlineData("[] []", "bad_json")]
    [InlineData("""[{"ts":"2025-01-15T14:30:22Z","series":"t","val":NaN}]""", "bad_json")]
    [InlineData("""[{"ts":"2025-01-15T14:30:22Z","series":"t","val":Infinity}]""", "bad_json")]
    [InlineData("[{\"ts\":\"2025-01-15T14:30:22Z\",\"series\":\"t\0\",\"val\":1}]", "bad_json")]
    [InlineData("5", "bad_envelope")]
    [InlineData("{}", "bad_envelope")]
    [InlineData("""{"records":5}""", "bad_envelope")]
    [InlineData("""{"records":[],"records":[]}""", "bad_envelope")]
    [InlineData("""{"records":[],"sent_at":"noon"}""", "bad_envelope")]
    [InlineData("""{"records":[],"batch_id":"7"}""", "bad_envelope")]
    [InlineData("""{"records":[],"batch_id":"\ud800"}""", "bad_envelope")]
    [InlineData("""{"\ud80000":[]}""", "bad_envelope")]
    [InlineData("""{"records":[],"batch_id":"99999999-2222-4333-8444-555555555555"}""", "batch_id_mismatch")]
    public void Open_AMalformedBody_IsRefusedWhole(string body, string code)
    {
        using var opened = _harness.Open(body);
        Assert.Equal((UploadOutcome.Malformed, code), (opened.Refusal?.Outcome, opened.Refusal?.Code));
        Assert.Equal(0, _harness.Budget.Used);
    }

    [Fact]
    public void Open_DeepNesting_IsRefused()
    {
        var deep = string.Concat(Enumerable.Repeat("""{"a":""", 200)) + "1" + new string('}', 200);
        using var opened = _harness.Open($$"""[{"ts":"2025-01-15T14:30:22Z","series":"t","val":1,"meta":{{deep}}}]""");
        Assert.Equal("bad_json", opened.Refusal?.Code);
    }

    [Fact]
    public void Open_InvalidUtf8_IsRefused()
    {
        byte[] body = [.. "[{\"ts\":\"2025-01-15T14:30:22Z\",\"series\":\"t"u8, 0xC3, 0x28, .. "\",\"val\":1}]"u8];
        using var opened = _harness.Open(body);
        Assert.Equal("bad_json", opened.Refusal?.Code);
    }

    [Fact]
    public void Open_ABomb_StopsAtTheLimitAndGivesItsMemoryBack()
    {
        var harness = new DecodingHarness(o => o.MaxDecodedBytes = 1 << 20);
        using var opened = harness.Open(new byte[100 << 20], coding: ContentCoding.Gzip);
        Assert.Equal((UploadOutcome.TooLarge, "too_large"), (opened.Refusal!.Outcome, opened.Refusal.Code));
        Assert.Equal(0, harness.Budget.Used);
        Assert.InRange(harness.Budget.Peak, 1, 4 << 20);
    }

    [Fact]
    public void Open_WhenTheBudgetIsSpent_IsUnavailable()
    {
        var harness = new DecodingHarness(o => o.DecodeBudgetBytes = 1 << 20);
        using var opened = harness.Open(new byte[8 << 20], coding: ContentCoding.Zstd);
        Assert.Equal(UploadOutcome.Unavailable, opened.Refusal?.Outcome);
        Assert.Equal(0, harness.Budget.Used);
    }

    [Fact]
    public void Open_OneRecordTooMany_IsTooLarge()
    {
        var harness = new DecodingHarness(o => o.MaxRecords = 2);
        using var opened = harness.Open("[1,2,3]");
        Assert.Equal((UploadOutcome.TooLarge, "too_large"), (opened.Refusal!.Outcome, opened.Refusal.Code));
    }

    [Theory]
    [InlineData(ContentCoding.Gzip)]
    [InlineData(ContentCoding.Zstd)]
    [InlineData(ContentCoding.Lz4)]
    public void Open_ATruncatedBody_IsMalformed(ContentCoding coding)
    {
        var body = ContentCodec.Encode(coding, Encoding.UTF8.GetBytes($"[{First}]"));
        using var opened = _harness.Decoder.Open(DecodingHarness.Upload(body[..^3], coding: coding));
        Assert.Equal((UploadOutcome.Malformed, "bad_compression"), (opened.Refusal!.Outcome, opened.Refusal.Code));
    }
}
