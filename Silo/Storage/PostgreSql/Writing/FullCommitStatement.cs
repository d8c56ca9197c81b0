using EsoCore.Grains.Storage;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>The group statement with all that a commit can hold. Tuples stand in the order of the statement's parameters.</summary>
internal sealed class FullCommitStatement : CommitStatement
{
    private readonly (Column<long> DeviceNo, Column<Guid> Id, Column<string?> Serial, Column<string?> Model, Column<string?> SiteId,
        Column<string?> Tags, Column<int> Status, Column<string?> Channel, Column<bool> Signature, Column<string?> Overrides,
        Column<long> ConfigOffset) _registration;

    private readonly (Column<long> DeviceNo, Column<int> No, Column<long> Hash, Column<string?> Metric, Column<string?> Unit,
        Column<string?> Asset, Column<string?> Meta, Column<long?> Mark, Column<double?> Last, Column<long?> Points) _series;

    private readonly (Column<long> DeviceNo, Column<int> No, Column<long> Mark, Column<double> Last, Column<long> Points) _letGo;

    private readonly (Column<long> DeviceNo, Column<long> Ts, Column<Guid> Hash, Column<Guid> Id, Column<string?> Type,
        Column<string?> Category, Column<string?> Severity, Column<string?> Description, Column<double?> Duration, Column<string?> Asset,
        Column<string?> Meta) _event;

    private readonly (Column<long> DeviceNo, Column<long> Ts, Column<Guid> Hash, Column<string?> Metric, Column<double?> WindowS,
        Column<long?> Samples, Column<string?> Asset, Column<double?> Rate, Column<string?> Encoding, Column<double> Scale,
        Column<string?> Stats, Column<string?> Meta, Column<ReadOnlyMemory<byte>> Raw) _window;

    private readonly (Column<long> DeviceNo, Column<Guid> BatchId, Column<int> Index, Column<string?> Code, Column<string?> Detail,
        Column<long> ReceivedAt, Column<string?> Record) _reject;

    private readonly (Column<long> DeviceNo, Column<int> Room) _trim;

    private readonly (Column<long> DeviceNo, Column<long> Ts, Column<string?> Version, Column<string?> Source) _firmware;

    private readonly (Column<long> DeviceNo, Column<Guid> Id, Column<Guid> Project, Column<string?> SiteId, Column<int> Shard,
        Column<bool> Online, Column<long> Since, Column<long> Version) _presence;

    public FullCommitStatement()
        : base(Full)
    {
        var c = Columns;
        _registration = (c.Longs(), c.Uuids(), c.Texts(), c.Texts(), c.Texts(), c.Texts(), c.Ints(), c.Texts(), c.Bools(), c.Texts(), c.Longs());
        _series = (
            c.Longs(), c.Ints(), c.Longs(), c.Texts(), c.Texts(), c.Texts(), c.Texts(), c.LongsOrNull(), c.DoublesOrNull(), c.LongsOrNull());
        _letGo = (c.Longs(), c.Ints(), c.Longs(), c.Doubles(), c.Longs());
        _event = (
            c.Longs(), c.Longs(), c.Uuids(), c.Uuids(), c.Texts(), c.Texts(), c.Texts(), c.Texts(), c.DoublesOrNull(), c.Texts(), c.Texts());
        _window = (
            c.Longs(), c.Longs(), c.Uuids(), c.Texts(), c.DoublesOrNull(), c.LongsOrNull(), c.Texts(), c.DoublesOrNull(), c.Texts(), c.Doubles(),
            c.Texts(), c.Texts(), c.Bytes());
        _reject = (c.Longs(), c.Uuids(), c.Ints(), c.Texts(), c.Texts(), c.Longs(), c.Texts());
        _trim = (c.Longs(), c.Ints());
        _firmware = (c.Longs(), c.Longs(), c.Texts(), c.Texts());
        _presence = (c.Longs(), c.Uuids(), c.Uuids(), c.Texts(), c.Ints(), c.Bools(), c.Longs(), c.Longs());
    }

    /// <inheritdoc/>
    protected override void Add(CommitWork work)
    {
        base.Add(work);
        var commit = work.Commit;
        AddSeries(commit);
        AddEvents(commit);
        AddWindows(commit);
        AddRejected(commit);
        if (commit.Firmware is { } f)
        {
            _firmware.DeviceNo.Add(commit.DeviceNo);
            _firmware.Ts.Add(Micros.From(f.Timestamp));
            _firmware.Version.Add(f.Version);
            _firmware.Source.Add(f.Source);
        }

        if (commit.Registration is { } write)
            AddRegistration(commit.DeviceNo, write);
        if (commit.Presence is { } presence)
            AddPresence(commit, presence);
    }

    private void AddSeries(DeviceCommit commit)
    {
        // A row made by this statement cannot be changed by it: a series that comes and goes at once is made as it stands in the end.
        var letGo = commit.LetGo.IsEmpty ? null : commit.LetGo.ToDictionary(g => g.No, g => g.Stand);
        foreach (var (no, key, _) in commit.NewSeries)
        {
            SeriesStand? stand = letGo is not null && letGo.Remove(no, out var gone) ? gone : null;
            _series.DeviceNo.Add(commit.DeviceNo);
            _series.No.Add(no);
            _series.Hash.Add(SeriesHash.Of(key));
            _series.Metric.Add(key.Metric);
            _series.Unit.Add(key.Unit);
            _series.Asset.Add(key.Asset);
            _series.Meta.Add(key.Meta);
            _series.Mark.Add(stand?.MarkUs);
            _series.Last.Add(stand?.LastValue);
            _series.Points.Add(stand?.Points);
        }

        foreach (var (no, stand) in letGo ?? [])
        {
            _letGo.DeviceNo.Add(commit.DeviceNo);
            _letGo.No.Add(no);
            _letGo.Mark.Add(stand.MarkUs);
            _letGo.Last.Add(stand.LastValue);
            _letGo.Points.Add(stand.Points);
        }
    }

    private void AddEvents(DeviceCommit commit)
    {
        foreach (var e in commit.Events)
        {
            _event.DeviceNo.Add(commit.DeviceNo);
            _event.Ts.Add(e.Key.TsUs);
            _event.Hash.Add(BodyHashes.ToUuid(e.Key.Hash));
            _event.Id.Add(e.Id);
            _event.Type.Add(e.EventType);
            _event.Category.Add(e.Category);
            _event.Severity.Add(e.Severity);
            _event.Description.Add(e.Description);
            _event.Duration.Add(e.DurationMs);
            _event.Asset.Add(e.AssetId);
            _event.Meta.Add(e.Meta);
        }
    }

    private void AddWindows(DeviceCommit commit)
    {
        foreach (var w in commit.Windows)
        {
            _window.DeviceNo.Add(commit.DeviceNo);
            _window.Ts.Add(w.Key.TsUs);
            _window.Hash.Add(BodyHashes.ToUuid(w.Key.Hash));
            _window.Metric.Add(w.Metric);
            _window.WindowS.Add(w.WindowS);
            _window.Samples.Add(w.Samples);
            _window.Asset.Add(w.AssetId);
            _window.Rate.Add(w.RateHz);
            _window.Encoding.Add(w.Encoding);
            _window.Scale.Add(w.Scale);
            _window.Stats.Add(w.Stats);
            _window.Meta.Add(w.Meta);
            _window.Raw.Add(w.Raw);
        }
    }

    private void AddRejected(DeviceCommit commit)
    {
        if (commit.Rejected.IsEmpty)
            return;
        foreach (var r in commit.Rejected)
        {
            _reject.DeviceNo.Add(commit.DeviceNo);
            _reject.BatchId.Add(r.BatchId);
            _reject.Index.Add(r.Index);
            _reject.Code.Add(r.Code);
            _reject.Detail.Add(r.Detail);
            _reject.ReceivedAt.Add(Micros.From(r.ReceivedAt));
            _reject.Record.Add(r.Record);
        }

        _trim.DeviceNo.Add(commit.DeviceNo);
        _trim.Room.Add(Math.Max(0, RetentionRules.RejectedPerDevice - commit.Rejected.Length));
    }

    private void AddPresence(DeviceCommit commit, PresenceWrite presence)
    {
        _presence.DeviceNo.Add(commit.DeviceNo);
        _presence.Id.Add(commit.DeviceId);
        _presence.Project.Add(presence.ProjectId);
        _presence.SiteId.Add(presence.SiteId);
        _presence.Shard.Add(presence.Shard);
        _presence.Online.Add(presence.Online);
        _presence.Since.Add(Micros.From(presence.Since));
        _presence.Version.Add(commit.ExpectedVersion + 1);
    }

    private void AddRegistration(long deviceNo, RegistrationWrite write)
    {
        var r = write.Registration;
        _registration.DeviceNo.Add(deviceNo);
        _registration.Id.Add(r.DeviceId);
        _registration.Serial.Add(r.Serial);
        _registration.Model.Add(r.Model);
        _registration.SiteId.Add(r.SiteId);
        _registration.Tags.Add(StorageJson.Write(r.Tags));
        _registration.Status.Add((int)r.Status);
        _registration.Channel.Add(r.Channel);
        _registration.Signature.Add(r.SignatureRequired);
        _registration.Overrides.Add(StorageJson.Write(r.Overrides));
        _registration.ConfigOffset.Add(write.NewConfigOffset);
    }
}
