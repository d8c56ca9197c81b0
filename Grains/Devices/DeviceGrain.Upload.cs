using EsoCore.Devices;
using EsoCore.Grains.Config;
using EsoCore.Grains.Storage;
using EsoCore.Grains.Telemetry;
using EsoCore.History;
using EsoCore.Telemetry;
using EsoCore.Wire;

namespace EsoCore.Grains.Devices;

/// <content>Takes batches.</content>
internal sealed partial class DeviceGrain
{
    /// <summary>
    /// Takes one batch exactly once:
    /// <code>
    ///   1 may the device upload?      2 known batch? ── yes ──► its first answer
    ///   3 open: inflate, decode       4 correct the clock, screen, number the series
    ///   5 drop repeats (within the batch; late records against the store)
    ///   6 fold into a new twin, rules 7 commit, swap it in  ── known after all ──► its first answer
    /// </code>
    /// The numbers stand in the code. Whatever refuses the batch as a whole has changed nothing.
    /// </summary>
    public async Task<UploadAnswer> Upload(BatchUpload upload)
    {
        UploadAnswer? answer = null;
        LedgerEntry? entry = null;
        try
        {
            var result = await Step(async (state, writer) =>
            {
                answer = Admit(state, upload);                                                    // 1
                if (answer is not null)
                    return null;
                if (_recent?.Find(upload.BatchId) is { } known)                                   // 2
                {
                    answer = Replay(known, upload);
                    return null;
                }

                using var opened = services.Decoder.Open(upload);                                 // 3
                if (opened.Refusal is not null)
                {
                    answer = opened.Refusal;
                    return null;
                }

                using var intake = new Intake(opened.Batch, state.Twin);
                if (await Screen(intake, state, upload) is not { } screened)                      // 4
                {
                    answer = Refuse(UploadOutcome.Malformed, ProblemCodes.NoDeviceTime, "X-Time-Correction needs X-Timestamp or sent_at.");
                    return null;
                }

                await DropRepeats(intake, state.DeviceNo);                                        // 5
                (var plan, entry, answer) = await Fold(intake, state, upload, screened, writer);  // 6
                return plan;
            });
            if (result is null)
                return answer ?? Refuse(UploadOutcome.UnknownDevice, ProblemCodes.Unauthorized, "The device or its key is not known.");
            if (result.Outcome == CommitOutcome.Replay)                                           // 7
                return Replay(result.Known!, upload);
            (_recent ??= new RecentBatches()).Add(entry!);
            await KeepLearnt();
            return answer!;
        }
        catch (StorageUnavailableException)
        {
            return Refuse(UploadOutcome.Unavailable, ProblemCodes.Unavailable, "The storage is away; nothing was stored. Try again.");
        }
    }

    private async ValueTask KeepLearnt()
    {
        if (_state?.Detectors is not { } learnt)
            return;
        var kept = await services.Rules.Keep(DeviceId, learnt, Micros.Of(services.Time.GetUtcNow()));
        if (kept != learnt && _state is { } state && ReferenceEquals(state.Detectors, learnt))
            _state = state with { Detectors = kept };
    }

    private UploadAnswer? Admit(DeviceState state, BatchUpload upload)
    {
        if (!state.MayCall)
            return Refuse(UploadOutcome.NotActive, NotActiveCode(state), "The device is not claimed yet, or disabled.");
        if (upload.Call.Nonce is { } nonce && UsedNonces.Use(state.Twin.Rare.Nonces, nonce, Micros.Of(upload.Call.ReceivedAt)) is null)
            return Refuse(UploadOutcome.NonceUsed, ProblemCodes.BadNonce, "The nonce was used before; ask for another.");
        _lastSeenUs = Math.Max(_lastSeenUs, Micros.Of(upload.Call.ReceivedAt));
        return null;
    }

    private static UploadAnswer Replay(LedgerEntry known, BatchUpload upload) => known.BodyHash == upload.BodyHash
        ? new UploadAnswer(UploadOutcome.Replayed, known.Answer)
        : Refuse(UploadOutcome.IdempotencyConflict, ProblemCodes.IdempotencyConflict, "The Idempotency-Key was used for another body.");

    private static UploadAnswer Refuse(UploadOutcome outcome, string code, string detail) => new(outcome, Code: code, Detail: detail);

    /// <summary>What step 4 leaves for the fold.</summary>
    private readonly record struct Screened(long CorrectionUs, ImmutableArray<ClockEpoch> Epochs);

    private async Task<Screened?> Screen(Intake intake, DeviceState state, BatchUpload upload)
    {
        var receivedUs = Micros.Of(upload.Call.ReceivedAt);
        var screened = new Screened(0, state.Twin.Rare.Epochs);
        if (upload.Correction is { } correction)
        {
            var deviceUs = upload.DeviceTime is { } told ? Micros.Of(told) : intake.Batch.SentAtUs;
            if (ClockCorrection.Resolve(state.Twin.Rare.Epochs, correction.Epoch, receivedUs - deviceUs) is not { } resolved)
                return null;
            screened = new Screened(resolved.CorrectionUs, resolved.Epochs);
        }

        var floorUs = await services.Floors.Get(state.Traits.ProjectId);
        intake.Screen(screened.CorrectionUs, receivedUs + (long)services.Telemetry.MaxAhead.TotalMicroseconds, floorUs);
        var unknown = intake.MatchSeries();
        intake.NumberSeries(unknown.Count == 0 ? [] : await services.Store.FindSeries(state.DeviceNo, unknown, CancellationToken.None));
        intake.Arrange();
        return screened;
    }

    private async Task DropRepeats(Intake intake, long deviceNo)
    {
        foreach (var span in intake.LatePoints())
        {
            await foreach (var stored in services.Store.ReadOverlap(deviceNo, span.FromUs, span.ToUs, CancellationToken.None))
                intake.DropStored(stored);
        }

        foreach (var kind in (BodyKind[])[BodyKind.Event, BodyKind.Window])
        {
            if (intake.LateBodies(kind) is { Count: > 0 } late)
                intake.DropStoredBodies(kind, await services.Store.FindBodies(deviceNo, kind, late, CancellationToken.None));
        }
    }

    private async Task<(StepPlan Plan, LedgerEntry Entry, UploadAnswer Answer)> Fold(
        Intake intake, DeviceState state, BatchUpload upload, Screened screened, TransitionWriter writer)
    {
        var (batch, fates, deviceId) = (intake.Batch, intake.Fates, DeviceId);
        batch.Rejections.Sort((a, b) => a.Record.CompareTo(b.Record));
        var config = await services.Profiles.Get(state.Traits.ProjectId, state.Traits.Model);
        var configVersion = ConfigVersions.InForce(config, await services.Switches.Get(), state.ConfigOffset);
        var bytes = BatchAnswers.Write(fates, batch, services.Pressure.BackoffMs, upload.Cursor, configVersion);
        var entry = new LedgerEntry(
            upload.BatchId, upload.BodyHash, fates.Accepted, fates.Duplicates, batch.Rejections.Count, bytes, upload.Call.ReceivedAt);
        var (twin, letGo) = BatchFold.Fold(state.Twin, intake, upload, services.Shared);
        twin = UseNonce(twin, upload.Call);
        if (screened.Epochs != twin.Rare.Epochs)
            twin = twin with { Rare = twin.Rare with { Epochs = screened.Epochs } };
        twin = await Tell(state, twin, online: true, upload.Call.ReceivedAt, writer);
        BatchFold.TellAssets(intake, writer);
        var events = BatchFold.Events(deviceId, intake);
        var moment = Moment(config, configVersion, online: true, upload.Call.ReceivedAt);
        (twin, var detectors) = await services.Rules.AfterBatch(deviceId, state, twin, intake, events, moment, writer);
        var points = BlockBuilder.Build(intake.Runs, intake.Numbers, screened.CorrectionUs);
        var commit = NewCommit(state) with
        {
            Batch = entry,
            NewSeries = [.. intake.NewSeries],
            LetGo = letGo,
            Points = points,
            Events = events,
            Windows = BatchFold.Windows(intake),
            Rejected = Rejected(batch, upload),
        };
        var counts = new BatchCounts(fates.Accepted, fates.Duplicates, batch.Rejections.Count, points.Sum(p => p.TsUs.Length));
        var plan = new StepPlan(twin, commit, state with { Detectors = detectors });
        return (plan, entry, new UploadAnswer(UploadOutcome.Accepted, bytes, Counts: counts));
    }

    private static Twin UseNonce(Twin twin, DeviceCall call) =>
        call.Nonce is { } nonce && UsedNonces.Use(twin.Rare.Nonces, nonce, Micros.Of(call.ReceivedAt)) is { } used
            ? twin with { Rare = twin.Rare with { Nonces = used } } : twin;

    private static ImmutableArray<RejectedRecord> Rejected(DecodedBatch batch, BatchUpload upload) =>
    [
        .. batch.Rejections.Take(TelemetryOptions.MaxKeptRejections).Select(r => new RejectedRecord(
            upload.BatchId, r.Record, r.Code, RecordFaults.Explain(r.Code), batch.RecordText(r.Record), upload.Call.ReceivedAt)),
    ];
}
