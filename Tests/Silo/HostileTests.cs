using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using EsoCore.Grains.Telemetry;
using EsoCore.Wire;
using EsoCore.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Xunit.Abstractions;

namespace EsoCore.Tests.Silo;

/// <summary>Bodies and callers that mean harm, against the whole server: each gets its documented answer, nothing is stored, memory stays bounded.</summary>
public sealed class HostileTests(ITestOutputHelper output) : IAsyncLifetime
{
    /// <summary>What all bodies being opened may take together in these tests.</summary>
    private const long DecodeBudget = 160L << 20;

    /// <summary>Of the mutations: what one run has shown holds for the next.</summary>
    private const int Seed = 20_250_115;

    private const string Good = """{"ts":"2025-01-15T14:30:22.123Z","series":"temp_ambient","val":23.5,"unit":"°C","meta":{"sensor_id":"SHT40_01"}}""";

    private readonly string _data = Directory.CreateTempSubdirectory("esocore-hostile-").FullName;
    private RunningSilo _silo = null!;
    private SeededDevice _device = null!;

    public async Task InitializeAsync()
    {
        _silo = await RunningSilo.Start(_data, new Dictionary<string, string?>
        {
            ["EsoCore:Api:SeedEnabled"] = "true",
            ["EsoCore:Api:DeviceRequestsPerSecond"] = "100000",
            ["EsoCore:Api:DeviceBurst"] = "100000",
            ["EsoCore:Api:AddressRequestsPerSecond"] = "1000000",
            ["EsoCore:Api:AddressBurst"] = "1000000",
            ["EsoCore:Api:DeviceUploadsInFlight"] = "64",
            ["EsoCore:Telemetry:DecodeBudgetBytes"] = $"{DecodeBudget}",
        });
        _device = await _silo.Seed();
    }

    public async Task DisposeAsync()
    {
        await _silo.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Bombs_side_by_side_are_refused_within_the_decode_budget()
    {
        var devices = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => _silo.Seed()));
        var bombs = new (string Encoding, byte[] Body)[]
        {
            ("gzip", Gzip(new byte[80 << 20])),
            ("zstd", ContentCodec.Encode(ContentCoding.Zstd, new byte[80 << 20])),
            ("lz4", ContentCodec.Encode(ContentCoding.Lz4, new byte[80 << 20])),
        };
        Assert.True((80 << 20) / bombs[0].Body.Length >= 1_000);
        foreach (var (encoding, body) in bombs)
            Assert.Equal(413, (await _silo.Upload(_device, body, encoding)).Status);
        var answers = await Task.WhenAll(Enumerable.Range(0, 48).Select(i =>
            _silo.Upload(devices[i % devices.Length], bombs[i % 3].Body, bombs[i % 3].Encoding)));
        Assert.All(answers, answer => Assert.Contains(answer.Status, (int[])[413, 503]));
        var budget = _silo.Services.GetRequiredService<DecodeBudget>();
        output.WriteLine($"peak {budget.Peak >> 20} MiB of {DecodeBudget >> 20}; {answers.Count(a => a.Status == 503)} of {answers.Length} were told to come again");
        Assert.InRange(budget.Peak, 1, DecodeBudget);
        // One who was told to come again may have been told so before his body was let go of.
        await Eventually.Holds(() => Task.FromResult(budget.Used == 0), () => $"{budget.Used} bytes of the budget were never given back.");
        await NothingIsStored();
    }

    [Fact]
    public async Task Malformed_bodies_change_nothing()
    {
        (string Body, string Code)[] bodies =
        [
            ("""[{"ts":"2025-01-15T14:30:22Z","series":"t","val":NaN}]""", "bad_json"),
            ($"[{Good}", "bad_json"),
            ($"[{Good},{{\"meta\":{string.Concat(Enumerable.Repeat("[", 200))}{string.Concat(Enumerable.Repeat("]", 200))}}}]", "bad_json"),
            ($"{Good}", "bad_envelope"),
            ("[" + string.Join(',', Enumerable.Repeat("1", 50_001)) + "]", "too_large"),
        ];
        foreach (var (body, code) in bodies)
        {
            var (status, problem) = await _silo.Upload(_device, body);
            Assert.Equal((code == "too_large" ? 413 : 400, code), (status, problem.GetProperty("code").GetString()));
        }

        byte[] notUtf8 = [.. "[{\"series\":\""u8, 0xFF, 0xFE, .. "\"}]"u8];
        Assert.Equal(400, (await _silo.Upload(_device, notUtf8, null)).Status);
        var truncated = ContentCodec.Encode(ContentCoding.Gzip, Encoding.UTF8.GetBytes($"[{Good}]"));
        Assert.Equal(400, (await _silo.Upload(_device, truncated[..^5], "gzip")).Status);
        Assert.Equal(400, (await _silo.Upload(_device, Encoding.UTF8.GetBytes($"[{Good}]"), "gzip")).Status);
        await NothingIsStored();
    }

    [Fact]
    public async Task Mutated_batches_never_make_the_server_fail()
    {
        var random = new Random(Seeded.Or(Seed));
        long accepted = 0, rejected = 0, duplicates = 0;
        var seen = new SortedDictionary<int, int>();
        for (var i = 0; i < 1_500; i++)
        {
            var coding = (ContentCoding)(i % 4);
            var body = Mutate(Encoding.UTF8.GetBytes(Valid(random)), random);
            var sent = ContentCodec.Encode(coding, body);
            if (coding != ContentCoding.Identity && i % 5 == 0)
                sent = Mutate(sent, random);
            var (status, answer) = await _silo.Upload(_device, sent, coding == ContentCoding.Identity ? null : ContentCodec.NameOf(coding));
            seen[status] = seen.GetValueOrDefault(status) + 1;
            Assert.True(status is 200 or 400 or 413, $"{status} for {Convert.ToBase64String(sent)} ({coding})");
            if (status != 200)
                continue;
            accepted += answer.GetProperty("accepted").GetInt64();
            duplicates += answer.GetProperty("duplicates").GetInt64();
            rejected += answer.GetProperty("rejected").GetInt64();
        }

        output.WriteLine(string.Join(", ", seen.Select(s => $"{s.Value} x {s.Key}")));
        Assert.True(seen.ContainsKey(200) && seen.ContainsKey(400), "The mutations were all harmless or all deadly.");
        var counters = (await _silo.Send(HttpMethod.Get, $"/api/devices/{_device.Id}/twin", _device.ProjectKey)).Json.GetProperty("counters");
        Assert.Equal((accepted, duplicates, rejected), (
            counters.GetProperty("accepted").GetInt64(), counters.GetProperty("duplicates").GetInt64(), counters.GetProperty("rejected").GetInt64()));
    }

    [Fact]
    public async Task A_flood_of_unknown_devices_wakes_no_grain()
    {
        await _silo.Upload(_device, $"[{Good}]");
        var before = await Activations();
        var answers = new ConcurrentBag<int>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 3_000), new ParallelOptions { MaxDegreeOfParallelism = 48 }, async (_, _) =>
            answers.Add((await _silo.Upload(_device with { Id = $"{Guid.NewGuid()}" }, $"[{Good}]")).Status));
        Assert.All(answers, status => Assert.Equal(401, status));
        // The stateless worker that looks credentials up may have grown, and the shards that watch for silence may just have been starting;
        // device grains would have come by the thousand.
        Assert.InRange(await Activations(), 0, before + 64 + 256);
    }

    private static byte[] Gzip(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
            gzip.Write(body);
        return packed.ToArray();
    }

    private Task<int> Activations() => _silo.Activations();

    private async Task NothingIsStored()
    {
        var twin = (await _silo.Send(HttpMethod.Get, $"/api/devices/{_device.Id}/twin", _device.ProjectKey)).Json;
        Assert.Equal(0, twin.GetProperty("counters").GetProperty("batches").GetInt32());
        Assert.Equal(0, (await _silo.Send(HttpMethod.Get, $"/api/devices/{_device.Id}/points", _device.ProjectKey)).Json.GetProperty("points").GetArrayLength());
        Assert.Equal(0, (await _silo.Send(HttpMethod.Get, $"/api/devices/{_device.Id}/batches", _device.ProjectKey)).Json.GetProperty("batches").GetArrayLength());
    }

    private static string Valid(Random random)
    {
        string[] records =
        [
            Good,
            $$"""{"timestamp":"2025-01-15T14:{{random.Next(10, 60)}}:22.5+01:00","metric":"torque","value":{{random.Next(100)}}.{{random.Next(100)}},"unit":"Nm","asset_id":"D{{random.Next(3)}}"}""",
            """{"ts":"2025-01-15T14:30:23Z","series":"power_outage","val":null,"unit":null,"meta":{"event_type":"power","severity":"critical","main_voltage":0.0}}""",
            """{"ts":"2025-01-15T14:30:24Z","series":"vibration","window_s":4,"stats":{"rms":0.8,"bandpower":{"10-100":0.3}},"samples":8000}""",
            """{"ts":"2025-01-15T14:30:25Z","series":"vibration","window_s":4,"rate_hz":2000,"encoding":"i16le","scale":0.001,"raw":"AQACAAMA"}""",
            """{"ts":"2025-01-15T14:30:26Z","series":"cycle_close","asset_id":"D1","val":null,"meta":{"cycle_id":"c1","duration_ms":8200,"peak_torque_nm":31}}""",
        ];
        random.Shuffle(records);
        return random.Next(3) switch
        {
            0 => $$"""{"sent_at":"2025-01-15T15:00:00Z","records":[{{string.Join(',', records)}}]}""",
            _ => $"[{string.Join(',', records)}]",
        };
    }

    private static byte[] Mutate(byte[] body, Random random)
    {
        var bytes = body.ToList();
        for (var n = random.Next(1, 4); n > 0 && bytes.Count > 0; n--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] = (byte)"\"\\{}[]:,0-9eE.+u\0"[random.Next(17)];
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    bytes.InsertRange(at, (byte[])[.. "\\u0000\\ud800"u8]);
                    break;
            }
        }

        return [.. bytes];
    }
}
