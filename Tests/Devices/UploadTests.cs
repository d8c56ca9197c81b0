using System.Text.Json;
using EsoCore.Devices;
using EsoCore.Grains.Storage;
using EsoCore.Projects;
using EsoCore.Telemetry;
using Xunit;
using static EsoCore.Tests.Devices.Records;

namespace EsoCore.Tests.Devices;

public class UploadTests : IAsyncLifetime
{
    private DeviceHarness _harness = null!;
    private Guid _device;

    public async Task InitializeAsync()
    {
        _harness = await DeviceHarness.Start();
        _device = await _harness.AddDevice();
    }

    public async Task DisposeAsync() => await _harness.DisposeAsync();

    [Fact]
    public async Task Upload_ABatch_IsStoredCountedAndLive()
    {
        var answer = await _harness.Upload(
            _device, Point("t", 1, 20.5), Point("t", 2, 21), Event("power_outage", 3), Window("v", 4, 0.8), Point("t", 1, 20.5), "5");
        Assert.Equal(UploadOutcome.Accepted, answer.Outcome);
        Assert.Equal(
            """{"accepted":4,"duplicates":1,"rejected":1,"next_hint":"backoff_ms: 0","config_version":0,"errors":[{"index":5,"code":"bad_record","detail":"A record is a JSON object."}]}""",
            System.Text.Encoding.UTF8.GetString(answer.Body.Span));
        var twin = await _harness.Twin(_device);
        Assert.Equal(new TwinCounters(1, 4, 1, 1), twin.Counters);
        var series = Assert.Single(twin.Series);
        Assert.Equal(("t", "u", 21.0, 2L, Start.AddSeconds(2)), (series.Metric, series.Unit, series.LastValue, series.Points, series.LastTs));
        Assert.True(twin.Online);
        Assert.Equal(2, (await _harness.Points(_device)).Count);
        var item = Assert.Single(await _harness.Events(_device));
        Assert.Equal(("power_outage", "power", "critical"), (item.EventType, item.Category, item.Severity));
    }

    [Fact]
    public async Task Upload_TheSameBatchAgain_GetsItsFirstAnswerByteForByte()
    {
        var batch = _harness.Batch(Guid.NewGuid(), Point("t", 1, 1), "7");
        var first = await _harness.Device(_device).Upload(batch);
        for (var i = 0; i < 5; i++)
            await _harness.Upload(_device, Point("t", 10 + i, 1));
        var again = await _harness.Device(_device).Upload(batch);
        await _harness.Restart();
        var afterRestart = await _harness.Device(_device).Upload(batch);
        Assert.Equal(UploadOutcome.Replayed, again.Outcome);
        Assert.Equal(first.Body.ToArray(), again.Body.ToArray());
        Assert.Equal(UploadOutcome.Replayed, afterRestart.Outcome);
        Assert.Equal(first.Body.ToArray(), afterRestart.Body.ToArray());
        Assert.Equal(6, (await _harness.Points(_device)).Count);
    }

    [Fact]
    public async Task Upload_TheSameKeyWithAnotherBody_IsAConflictAndStoresNothing()
    {
        var id = Guid.NewGuid();
        await _harness.Device(_device).Upload(_harness.Batch(id, Point("t", 1, 1)));
        var recent = await _harness.Device(_device).Upload(_harness.Batch(id, Point("t", 2, 2)));
        await _harness.Restart();
        var fromLedger = await _harness.Device(_device).Upload(_harness.Batch(id, Point("t", 3, 3)));
        Assert.Equal((UploadOutcome.IdempotencyConflict, "idempotency_conflict"), (recent.Outcome, recent.Code));
        Assert.Equal(UploadOutcome.IdempotencyConflict, fromLedger.Outcome);
        Assert.Single(await _harness.Points(_device));
    }

    [Fact]
    public async Task Upload_TheSameRecordsUnderANewKey_AreDuplicates()
    {
        string[] records = [Point("t", 1, 1), Point("t", 2, 2), Event("sd_error", 3), Window("v", 4, 1), Event("over_torque", 5, meta: """{"n":1}""")];
        await _harness.Upload(_device, records);
        var answer = await _harness.Upload(_device, records);
        Assert.Equal(new BatchCounts(0, 5, 0, 0), answer.Counts);
        Assert.Equal(2, (await _harness.Points(_device)).Count);
        Assert.Equal(2, (await _harness.Events(_device)).Count);
    }

    [Fact]
    public async Task Upload_Backfill_IsTakenOnceAndLeavesTheLastValue()
    {
        await _harness.Upload(_device, Point("t", 100, 100));
        var fill = await _harness.Upload(_device, Point("t", 50, 50), Point("t", 51, 51));
        var again = await _harness.Upload(_device, Point("t", 51, 51), Point("t", 52, 52));
        Assert.Equal(2, fill.Counts!.Accepted);
        Assert.Equal((1, 1), (again.Counts!.Accepted, again.Counts.Duplicates));
        Assert.Equal(100, Assert.Single((await _harness.Twin(_device)).Series).LastValue);
    }

    [Fact]
    public async Task Upload_TwoValuesAtOneTime_KeepsBothAndShowsTheLaterAccepted()
    {
        await _harness.Upload(_device, Point("t", 1, 5), Point("t", 1, 3));
        Assert.Equal(3, Assert.Single((await _harness.Twin(_device)).Series).LastValue);
        await _harness.Upload(_device, Point("t", 1, 9));
        await _harness.Upload(_device, Point("t", 1, 3));
        Assert.Equal(9, Assert.Single((await _harness.Twin(_device)).Series).LastValue);
        Assert.Equal([3.0, 5, 9], (await _harness.Points(_device)).Select(p => p.Value).Order());
    }

    [Fact]
    public async Task Upload_FarTimesInOneBatch_RejectsThePastAndTheFuture()
    {
        var ahead = (_harness.Time.GetUtcNow() - Start).TotalSeconds + 86_400;
        var answer = await _harness.Upload(
            _device, Point("t", ahead - 1, 1), Point("t", ahead + 1, 1), """{"ts":"1999-12-31T23:59:59Z","series":"t","val":1}""",
            """{"ts":"2000-01-01T00:00:00Z","series":"t","val":1}""", """{"ts":"9999-12-31T23:59:59Z","series":"power_outage","val":null}""");
        Assert.Equal((2, 3), (answer.Counts!.Accepted, answer.Counts.Rejected));
        Assert.Empty(await _harness.Events(_device));
    }

    [Fact]
    public async Task Upload_TenThousandMetrics_TakesTheLimitAndExplainsTheRest()
    {
        var answer = await _harness.Upload(_device, [.. Enumerable.Range(0, 10_000).Select(i => Point($"m{i}", i, i))]);
        Assert.Equal((4_096, 5_904), (answer.Counts!.Accepted, answer.Counts.Rejected));
        Assert.InRange(answer.Body.Length, 1, 2_048);
        using var json = JsonDocument.Parse(answer.Body);
        Assert.Equal("series_limit", json.RootElement.GetProperty("errors")[0].GetProperty("code").GetString());
        Assert.Equal(256, (await _harness.Twin(_device)).Series.Length);
        Assert.Equal(4_096, (await _harness.Points(_device)).Count);
    }

    [Fact]
    public async Task Upload_ACounterInMeta_RunsIntoTheSeriesLimit()
    {
        var answer = await _harness.Upload(_device, [.. Enumerable.Range(0, 5_000).Select(i => Point("t", i, i, meta: $$"""{"n":{{i}}}"""))]);
        Assert.Equal((4_096, 904), (answer.Counts!.Accepted, answer.Counts.Rejected));
    }

    [Fact]
    public async Task Upload_TenThousandAssetCodes_TakesTheLimit()
    {
        var points = await _harness.Upload(_device, [.. Enumerable.Range(0, 10_000).Select(i => Point("t", i, i, asset: $"A{i}"))]);
        var events = await _harness.Upload(_device, Event("sensor_fault", 1, "B1"), Event("sensor_fault", 1, "A1"));
        Assert.Equal((64, 9_936), (points.Counts!.Accepted, points.Counts.Rejected));
        Assert.Equal((1, 1), (events.Counts!.Accepted, events.Counts.Rejected));
    }

    [Fact]
    public async Task Upload_MoreSeriesThanATwinHolds_KeepsEveryMarkExact()
    {
        string[] Round(int second) => [.. Enumerable.Range(0, 400).Select(i => Point($"m{i}", second, i))];
        await _harness.Upload(_device, Round(10));
        await _harness.Upload(_device, [.. Round(20).Take(200)]);
        await _harness.Restart();
        var repeats = await _harness.Upload(_device, Round(10));
        var fresh = await _harness.Upload(_device, Round(30));
        Assert.Equal(new BatchCounts(0, 400, 0, 0), repeats.Counts);
        Assert.Equal(new BatchCounts(400, 0, 0, 400), fresh.Counts);
        var twin = await _harness.Twin(_device);
        Assert.All(twin.Series, s => Assert.Equal(int.Parse(s.Metric[1..]) < 200 ? 3 : 2, s.Points));
        Assert.Equal(1_000, (await _harness.Points(_device)).Count);
    }

    [Fact]
    public async Task Upload_ABatchOverSeveralDays_IsStoredInBlocksOfADay()
    {
        var records = Enumerable.Range(0, 9_000).Select(i => Point("t", (i - 9_000) * 30, i)).Reverse().ToArray();
        var answer = await _harness.Upload(_device, records);
        Assert.Equal(9_000, answer.Counts!.Points);
        var points = await _harness.Points(_device);
        Assert.Equal(Enumerable.Range(0, 9_000).Select(i => (double)i), points.Select(p => p.Value));
    }

    [Fact]
    public async Task Upload_WithACursor_KeepsTheSixtyFourMostRecentlyMovedFiles()
    {
        for (var i = 0; i < 70; i++)
        {
            var batch = _harness.Batch(Guid.NewGuid(), Point("t", i, i)) with { Cursor = new FileCursor($"f{i}", i) };
            await _harness.Device(_device).Upload(batch);
        }

        await _harness.Device(_device).Upload(_harness.Batch(Guid.NewGuid(), Point("t", 99, 1)) with { Cursor = new FileCursor("f69", 3) });
        var cursors = (await _harness.Twin(_device)).Cursors;
        Assert.Equal(64, cursors.Count);
        Assert.Equal(3, cursors["f69"]);
        Assert.False(cursors.ContainsKey("f5"));
    }

    [Fact]
    public async Task Upload_WithCorrection_UsesTheSkewOfTheEpochsFirstBatch()
    {
        var deviceTime = _harness.Time.GetUtcNow() - TimeSpan.FromHours(3);
        BatchUpload Corrected(string epoch, TimeSpan drift) => _harness.Batch(Guid.NewGuid(), Point("t", 1, 1)) with
        {
            Correction = new CorrectionRequest(epoch), DeviceTime = deviceTime + drift,
        };
        await _harness.Device(_device).Upload(Corrected("boot-1", TimeSpan.Zero));
        var repeat = await _harness.Device(_device).Upload(Corrected("boot-1", TimeSpan.FromSeconds(30)));
        var otherEpoch = await _harness.Device(_device).Upload(Corrected("boot-2", TimeSpan.FromSeconds(30)));
        var noTime = await _harness.Device(_device).Upload(
            _harness.Batch(Guid.NewGuid(), Point("t", 1, 1)) with { Correction = new CorrectionRequest(null) });
        Assert.Equal(1, repeat.Counts!.Duplicates);
        Assert.Equal(1, otherEpoch.Counts!.Accepted);
        Assert.Equal((UploadOutcome.Malformed, "no_device_time"), (noTime.Outcome, noTime.Code));
        Assert.Equal(Start.AddSeconds(1) + TimeSpan.FromHours(3), (await _harness.Points(_device))[^1].Ts);
    }

    [Fact]
    public async Task Upload_WithAUsedNonce_IsRefused()
    {
        BatchUpload Signed() => _harness.Batch(Guid.NewGuid(), Point("t", 1, 1)) with
        {
            Call = new DeviceCall(_harness.Time.GetUtcNow(), "nonce-1"),
        };
        Assert.Equal(UploadOutcome.Accepted, (await _harness.Device(_device).Upload(Signed())).Outcome);
        Assert.Equal(UploadOutcome.NonceUsed, (await _harness.Device(_device).Upload(Signed())).Outcome);
        await _harness.Restart();
        Assert.Equal(UploadOutcome.NonceUsed, (await _harness.Device(_device).Upload(Signed())).Outcome);
    }

    [Fact]
    public async Task Upload_ForAnUnknownOrDisabledDevice_IsRefusedAndStoresNothing()
    {
        var unknown = await _harness.Device(Guid.NewGuid()).Upload(_harness.Batch(Guid.NewGuid(), Point("t", 1, 1)));
        await _harness.Device(_device).ChangeRegistration(_harness.Scope, new RegistrationChange(Status: DeviceStatus.Disabled), null);
        var disabled = await _harness.Upload(_device, Point("t", 1, 1));
        Assert.Equal(UploadOutcome.UnknownDevice, unknown.Outcome);
        Assert.Equal(UploadOutcome.NotActive, disabled.Outcome);
        Assert.Empty(await _harness.Points(_device));
    }

    [Fact]
    public async Task Upload_BelowTheRetention_IsRejectedAsTooOld()
    {
        await _harness.Grains.GetGrain<IProjectGrain>(_harness.ProjectId.ToString("D")).SetRetention(1, null);
        _harness.Time.Advance(TimeSpan.FromSeconds(6));
        var answer = await _harness.Upload(_device, Point("t", -86_400 * 2, 1), Point("t", 1, 1));
        Assert.Equal((1, 1), (answer.Counts!.Accepted, answer.Counts.Rejected));
    }

    [Fact]
    public async Task Upload_WhenAnotherActivationCommittedMeanwhile_ComputesAgain()
    {
        await _harness.Upload(_device, Point("t", 1, 1));
        var stored = (await _harness.Storage.Devices.Load(_device, default))!;
        await _harness.Storage.Devices.Commit(
            new DeviceCommit { DeviceId = _device, DeviceNo = stored.DeviceNo, ExpectedVersion = stored.TwinVersion, Twin = stored.Twin }, default);
        var answer = await _harness.Upload(_device, Point("t", 2, 2), Point("t", 1, 1));
        Assert.Equal(new BatchCounts(1, 1, 0, 1), answer.Counts);
        Assert.Equal(3, (await _harness.Twin(_device)).TwinVersion);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Upload_WhoseCommitEndsUnknown_FailsAndTheSameKeyGetsTheTruth(bool happened)
    {
        await _harness.Upload(_device, Point("t", 1, 1));
        var batch = _harness.Batch(Guid.NewGuid(), Point("t", 2, 2));
        if (happened)
            _harness.Storage.Faults.AfterCommit = _ => throw new InvalidOperationException("cut");
        else
            _harness.Storage.Faults.BeforeCommit = _ => throw new InvalidOperationException("cut");
        await Assert.ThrowsAnyAsync<Exception>(() => _harness.Device(_device).Upload(batch));
        _harness.Storage.Faults.AfterCommit = null;
        _harness.Storage.Faults.BeforeCommit = null;
        Assert.Equal(happened ? 2 : 1, (await _harness.Twin(_device)).TwinVersion);
        var truth = await _harness.Device(_device).Upload(batch);
        Assert.Equal(happened ? UploadOutcome.Replayed : UploadOutcome.Accepted, truth.Outcome);
        Assert.Equal(2, (await _harness.Points(_device)).Count);
        Assert.Equal(new TwinCounters(2, 2, 0, 0), (await _harness.Twin(_device)).Counters);
    }

    [Fact]
    public async Task GetTwin_WhileACommitIsHeldBack_AnswersWithTheLastCommittedTwin()
    {
        await _harness.Upload(_device, Point("t", 1, 1));
        using var release = new ManualResetEventSlim();
        var held = new TaskCompletionSource();
        _harness.Storage.Faults.BeforeCommit = _ =>
        {
            held.TrySetResult();
            release.Wait();
        };
        var upload = _harness.Upload(_device, Point("t", 2, 2));
        await held.Task;
        var during = await _harness.Twin(_device);
        Assert.False(upload.IsCompleted);
        release.Set();
        await upload;
        Assert.Equal((1, 1.0), (during.TwinVersion, Assert.Single(during.Series).LastValue));
        Assert.Equal(2, (await _harness.Twin(_device)).TwinVersion);
    }

    [Fact]
    public async Task Upload_WhenTheStorageIsAway_IsUnavailableAndWorksAgainAfterwards()
    {
        await _harness.Upload(_device, Point("t", 1, 1));
        _harness.Storage.Faults.BeforeGroup = _ => throw new InvalidOperationException("away");
        var away = await _harness.Upload(_device, Point("t", 2, 2));
        _harness.Storage.Faults.BeforeGroup = null;
        var back = await _harness.Upload(_device, Point("t", 2, 2));
        Assert.Equal(UploadOutcome.Unavailable, away.Outcome);
        Assert.Equal(1, back.Counts!.Accepted);
    }
}
