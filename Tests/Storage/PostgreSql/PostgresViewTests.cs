using EsoCore.Grains.Storage;
using EsoCore.Tests.Storage.Contract;
using Npgsql;
using Xunit;
using static EsoCore.Tests.Storage.Contract.StoreSeeds;

namespace EsoCore.Tests.Storage.PostgreSql;

/// <summary>What people read with SQL is what was stored, before merging and after it.</summary>
public sealed class PostgresViewTests : IAsyncLifetime
{
    private PostgresUnderTest _store = null!;
    private TestDevice _device = null!;

    public async Task InitializeAsync()
    {
        _store = await PostgresUnderTest.Start();
        _device = await _store.AddDevice();
        await _device.Write(_store, _device.Commit() with
        {
            NewSeries = [Series(1, "temp", "°C", "A1", "{\"s\":1}"), Series(2, "rpm", ""), Series(3, "temp", "K")],
        });
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task Points_OfEveryFormOfTheCodec_AreExact()
    {
        var random = new Random(3);
        double[][] kinds =
        [
            [5.25], [1, 1, 1, 1], [.. Enumerable.Range(0, 300).Select(i => Math.Round(20 + Math.Sin(i), 1))],
            [.. Enumerable.Range(0, 50).Select(i => (i - 25) / 1e6)], [-0.0, 0.0, 1, double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon],
            [.. Enumerable.Range(0, 40).Select(_ => 1.0 / random.Next(3, 99))],
            [.. Enumerable.Range(0, 64).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64()))], [2.2250738585072014E-308, 1e-310, 3e-300],
            [9007199254740992, -9007199254740992, 4503599627370497.5],
        ];
        var written = new List<(int Series, long TsUs, double Value)>();
        long at = StartUs;
        foreach (double[] values in kinds.Select(k => k.Where(double.IsFinite).ToArray()))
        {
            // Even steps, whole seconds, odd microseconds: each a form of its own.
            foreach (long step in new long[] { 1_000_000, 0, 1_000, 7 })
            {
                long ts = at;
                (int, long, double)[] points = [.. values.Select((v, i) => (1 + (i % 3), ts + (i * step) + (step == 7 ? random.Next(7) : 0), v))];
                written.AddRange(points);
                await _device.Write(_store, Block(points));
                at += 400_000_000;
            }
        }

        foreach (bool merged in new[] { false, true })
        {
            if (merged)
            {
                await _store.Settle();
                Assert.Equal(0, await _store.Ask<long>("select count(*) from telemetry_block"));
            }

            Assert.Equal(Expected(written), await Read("select metric, ts, value, unit, asset_id, meta::text from telemetry_point"));
            string call = $"telemetry_points('{_device.Id}', 'temp', '2026-03-01', '2026-03-02')";
            Assert.Equal(
                Expected(written.Where(p => p.Series != 2)), await Read($"select metric, ts, value, unit, asset_id, meta::text from {call}"));
            string all = "telemetry_points_of_metric('rpm', '2026-03-01', '2026-03-02')";
            Assert.Equal(
                Expected(written.Where(p => p.Series == 2)), await Read($"select metric, ts, value, unit, asset_id, meta::text from {all}"));
        }
    }

    [Fact]
    public async Task Points_FromATimeToATime_AreThoseWithin()
    {
        await _device.Write(_store, Block([.. Enumerable.Range(0, 100).Select(i => (1, StartUs + (i * 1_000_000L), (double)i))]));
        foreach (bool merged in new[] { false, true })
        {
            if (merged)
            {
                await _store.Settle();
                Assert.Equal(0, await _store.Ask<long>("select count(*) from telemetry_block"));
            }

            string call = $"telemetry_points('{_device.Id}', 'temp', '2026-03-01 00:00:10+00', '2026-03-01 00:00:20+00')";
            Assert.Equal(10, await _store.Ask<long>($"select count(*) from {call}"));
            Assert.Equal(10.0, await _store.Ask<double>($"select min(value) from {call}"));
        }
    }

    [Fact]
    public async Task Points_ByTheFunction_ReadOnlyTheMonthsOfTheSpan()
    {
        for (int month = 0; month < 6; month++)
            await _device.Write(_store, Block((1, StartUs - (month * 31 * PointBlock.DayUs), 1)));

        string plan = await Plan(
            $"select avg(value) from telemetry_points('{_device.Id}', 'temp', '2026-03-05', '2026-03-06')", "analyze, timing off, costs off");

        Assert.DoesNotContain("telemetry_points", plan); // Taken into the query.
        Assert.Contains("Subplans Removed", plan);
        Assert.Contains("telemetry_chunk_2026_03", plan);
        Assert.DoesNotContain("telemetry_chunk_2025_12", plan);
        Assert.DoesNotContain("Seq Scan on telemetry", plan);
    }

    [Fact]
    public async Task Points_BelowTheFloor_AreHidden()
    {
        await _device.Write(_store, Block((1, StartUs, 1)), Block((1, StartUs - (9 * PointBlock.DayUs), 2)));
        await _store.Execute($"update project set hidden_us = {StartUs}");

        Assert.Equal(1, await _store.Ask<long>("select count(*) from telemetry_point"));
        Assert.Equal(1, await _store.Ask<long>($"select count(*) from telemetry_points('{_device.Id}', 'temp', '2026-01-01', '2027-01-01')"));
    }

    [Fact]
    public async Task Windows_AreSeenWithTheirSamples()
    {
        await _device.Write(_store, _device.Commit() with { Windows = [Window(StartUs + 1, "vib", 1, [1, 2, 3])] });

        var rows = await Read(
            "select metric, ts, window_s, encoding, stats->>'rms', encode(raw, 'hex') from telemetry_window where device_id = '" + _device.Id + "'");

        Assert.Equal([("vib", StartUs + 1, 4.0, "i16le", "0.8", "010203")], rows);
    }

    private static List<(string, long, double, string?, string?, string?)> Expected(IEnumerable<(int Series, long TsUs, double Value)> points) =>
    [
        .. points.Select(p => p.Series switch
            {
                1 => ("temp", p.TsUs, p.Value, "°C", "A1", "{\"s\": 1}"),
                2 => ("rpm", p.TsUs, p.Value, null, null, null),
                _ => ("temp", p.TsUs, p.Value, (string?)"K", (string?)null, (string?)null),
            })
            .OrderBy(p => p.TsUs).ThenBy(p => p.Item1).ThenBy(p => p.Item4).ThenBy(p => BitConverter.DoubleToInt64Bits(p.Value)),
    ];

    private async Task<List<(string, long, double, string?, string?, string?)>> Read(string sql)
    {
        await using var db = new NpgsqlConnection(_store.Server.ConnectionString(_store.Database) + ";Pooling=false");
        await db.OpenAsync();
        await using var command = new NpgsqlCommand(sql, db);
        await using var row = await command.ExecuteReaderAsync();
        var rows = new List<(string, long, double, string?, string?, string?)>();
        while (await row.ReadAsync())
        {
            long us = (row.GetDateTime(1) - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
            rows.Add((row.GetString(0), us, row.GetDouble(2), Text(3), Text(4), Text(5)));
        }

        return
        [
            .. rows.OrderBy(r => r.Item2).ThenBy(r => r.Item1).ThenBy(r => r.Item4).ThenBy(r => BitConverter.DoubleToInt64Bits(r.Item3)),
        ];

        string? Text(int i) => row.IsDBNull(i) ? null : row.GetString(i);
    }

    private async Task<string> Plan(string sql, string options)
    {
        await using var db = new NpgsqlConnection(_store.Server.ConnectionString(_store.Database) + ";Pooling=false;Options=-c enable_seqscan=off");
        await db.OpenAsync();
        await using var command = new NpgsqlCommand($"explain ({options}) {sql}", db);
        await using var row = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await row.ReadAsync())
            lines.Add(row.GetString(0));
        return string.Join('\n', lines);
    }
}
