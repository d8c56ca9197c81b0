using System.Text.Json;
using EsoCore.Events;
using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>Runs the statements of one <see cref="DeviceCommit"/> on the write connection.</summary>
internal sealed class DeviceCommits(MergeQueue merges, TimeProvider time)
{
    private static readonly SqlFile Sql = SqlFile.Of<DeviceCommits>();

    /// <summary>Checks, then writes. What it needs of the caller's memory beside <paramref name="blocks"/> is in the commit itself.</summary>
    public CommitResult Execute(Db db, DeviceCommit commit, IReadOnlyList<PackedBlock> blocks, IReadOnlyList<string> transitions)
    {
        if (commit.Batch is { } batch && FindLedger(db, commit.DeviceNo, batch.BatchId) is { } known)
            return new(CommitOutcome.Replay, known);
        if (commit.Registration is { } write && IsSerialTaken(db, write.Registration.DeviceId, write.Registration.Serial))
            return new(CommitOutcome.SerialTaken);
        if (!SwapTwin(db, commit))
            return new(CommitOutcome.Stale);
        InsertLedger(db, commit);
        InsertSeries(db, commit);
        LetGoSeries(db, commit);
        InsertBlocks(db, commit.DeviceNo, blocks);
        InsertEvents(db, commit);
        InsertWindows(db, commit);
        InsertRejected(db, commit);
        InsertFirmware(db, commit);
        InsertOutbox(db, commit, transitions);
        PutPresence(db, commit);
        UpdateRegistration(db, commit.Registration);
        return new(CommitOutcome.Committed);
    }

    /// <summary>A transition as it is stored; done before queueing, off the writer thread.</summary>
    public static string Pack(Transition transition) => JsonSerializer.Serialize(transition, StorageJson.Options);

    private static LedgerEntry? FindLedger(Db db, long deviceNo, Guid batchId)
    {
        using var row = db.Use(Sql["find_ledger"]).Add(deviceNo).Add(batchId);
        return row.Step()
            ? new(row.Guid(0), Convert.ToHexStringLower(row.Blob(1)), row.Int(2), row.Int(3), row.Int(4), row.Bytes(5), row.Time(6))
            : null;
    }

    private static bool IsSerialTaken(Db db, Guid deviceId, string serial)
    {
        using var row = db.Use(Sql["serial_taken"]).Add(deviceId).Add(serial);
        return row.Step();
    }

    private static bool SwapTwin(Db db, DeviceCommit commit)
    {
        db.Use(Sql["swap_twin"]).Add(commit.Twin.Span).Add(commit.DeviceNo).Add(commit.ExpectedVersion).Add(commit.DeviceId).Run();
        return db.Changes == 1;
    }

    private static void InsertLedger(Db db, DeviceCommit commit)
    {
        if (commit.Batch is not { } batch)
            return;
        db.Use(Sql["insert_ledger"]).Add(commit.DeviceNo).Add(batch.BatchId).Add(Convert.FromHexString(batch.BodyHash)).Add(batch.Accepted)
            .Add(batch.Duplicates).Add(batch.Rejected).Add(batch.ReceivedAt).Add(batch.Answer.Span).Run();
    }

    private static void InsertSeries(Db db, DeviceCommit commit)
    {
        foreach (var (no, key, _) in commit.NewSeries)
        {
            db.Use(Sql["insert_series"]).Add(commit.DeviceNo).Add(no).Add(SeriesHash.Of(key)).Add(key.Metric).Add(key.Unit).Add(key.Asset)
                .Add(key.Meta).Run();
        }
    }

    private static void LetGoSeries(Db db, DeviceCommit commit)
    {
        foreach (var (no, stand) in commit.LetGo)
        {
            db.Use(Sql["let_go_series"]).Add(stand.MarkUs).Add(stand.LastValue).Add(stand.Points).Add(commit.DeviceNo).Add(no).Run();
        }
    }

    private void InsertBlocks(Db db, long deviceNo, IReadOnlyList<PackedBlock> blocks)
    {
        foreach (var block in blocks)
        {
            db.Use(Sql["insert_block"]).Add(deviceNo).Add(block.T0).Add(block.T1).Add(block.Points).Add(block.CorrectionUs).Add(block.Runs)
                .Add(block.Data).Run();
            long day = Micros.DayOf(block.T0);
            using var row = db.Use(Sql["count_block"]).Add(deviceNo).Add(day).Add(time.GetUtcNow());
            if (row.Step())
                merges.Counted(deviceNo, day, row.Long(0));
        }
    }

    private static void InsertEvents(Db db, DeviceCommit commit)
    {
        foreach (var e in commit.Events)
        {
            db.Use(Sql["insert_event"]).Add(commit.DeviceNo).Add(e.Key.TsUs).AddHash(e.Key.Hash).Add(e.Id).Add(e.EventType).Add(e.Category)
                .Add(e.Severity).Add(e.Description).Add(e.DurationMs).Add(e.AssetId).Add(e.Meta).Run();
        }
    }

    private static void InsertWindows(Db db, DeviceCommit commit)
    {
        foreach (var w in commit.Windows)
        {
            db.Use(Sql["insert_window"]).Add(commit.DeviceNo).Add(w.Key.TsUs).AddHash(w.Key.Hash).Add(w.Metric).Add(w.WindowS).Add(w.Samples)
                .Add(w.AssetId).Add(w.RateHz).Add(w.Encoding).Add(w.Scale).Add(w.Stats).Add(w.Meta).Add(w.Raw.Span).Run();
        }
    }

    private static void InsertRejected(Db db, DeviceCommit commit)
    {
        foreach (var r in commit.Rejected)
        {
            db.Use(Sql["insert_rejected"]).Add(commit.DeviceNo).Add(r.BatchId).Add(r.Index).Add(r.Code).Add(r.Detail).Add(r.ReceivedAt)
                .Add(r.Record).Run();
        }

        if (!commit.Rejected.IsEmpty)
            db.Use(Sql["trim_rejected"]).Add(commit.DeviceNo).Add(RetentionRules.RejectedPerDevice).Run();
    }

    private static void InsertFirmware(Db db, DeviceCommit commit)
    {
        if (commit.Firmware is { } f)
            db.Use(Sql["insert_firmware"]).Add(commit.DeviceNo).Add(f.Timestamp).Add(f.Version).Add(f.Source).Run();
    }

    private void InsertOutbox(Db db, DeviceCommit commit, IReadOnlyList<string> transitions)
    {
        for (int i = 0; i < commit.Outbox.Length; i++)
        {
            var entry = commit.Outbox[i];
            db.Use(Sql["insert_outbox"]).Add(commit.DeviceNo % IOutboxGrain.Shards).Add(time.GetUtcNow()).Add(entry.Stream).Add(entry.Receiver)
                .Add(entry.Transition.DeviceId).Add(entry.Transition.Position.TwinVersion).Add(entry.Transition.Position.Ordinal)
                .Add(transitions[i]).Run();
        }
    }

    private static void PutPresence(Db db, DeviceCommit commit)
    {
        if (commit.Presence is { } p)
        {
            db.Use(Sql["put_presence"]).Add(commit.DeviceId).Add(p.ProjectId).Add(p.SiteId).Add(p.Shard).Add(p.Online).Add(p.Since)
                .Add(commit.ExpectedVersion + 1).Run();
        }
    }

    private static void UpdateRegistration(Db db, RegistrationWrite? write)
    {
        if (write is not { } w)
            return;
        var r = w.Registration;
        db.Use(Sql["update_registration"]).Add(r.Serial).Add(r.Model).Add(r.SiteId).Add(StorageJson.Write(r.Tags)).Add((int)r.Status)
            .Add(r.Channel).Add(r.SignatureRequired).Add(StorageJson.Write(r.Overrides)).Add(w.NewConfigOffset).Add(r.DeviceId).Run();
    }
}
