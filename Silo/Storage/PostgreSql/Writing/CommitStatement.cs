using EsoCore.Events;
using EsoCore.Grains.Storage;
using Npgsql;
using NpgsqlTypes;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// The prepared statement that writes a group, on one connection: the small form (twin, ledger, points, transitions), which is what nearly
/// every upload needs, or the full one. Fields stand in the order of the statement's parameters.
/// </summary>
internal class CommitStatement : IDisposable
{
    /// <summary>The statements.</summary>
    public static readonly SqlFile Sql = SqlFile.Of<CommitStatement>();

    /// <summary>The text of the small form.</summary>
    public static readonly string Small = $"{Sql["small_part"]}\n{Sql["last_part"]}";

    /// <summary>The text of the full form.</summary>
    public static readonly string Full = $"{Sql["small_part"]}{Sql["full_part"]}\n{Sql["last_part"]}";

    private readonly Column<long> _deviceNo;
    private readonly Column<Guid> _deviceId;
    private readonly Column<long> _expected;
    private readonly Column<ReadOnlyMemory<byte>> _twin;
    private readonly Column<Guid?> _batchId;
    private readonly Column<ReadOnlyMemory<byte>> _bodyHash;
    private readonly Column<int> _accepted;
    private readonly Column<int> _duplicates;
    private readonly Column<int> _rejected;
    private readonly Column<long> _receivedAt;
    private readonly Column<ReadOnlyMemory<byte>> _answer;
    private readonly NpgsqlParameter<long> _keptFrom;
    private readonly BlockColumns _blocks;
    private readonly NpgsqlParameter<long> _now;
    private readonly Column<long> _outboxDevice;
    private readonly Column<string?> _stream;
    private readonly Column<string?> _receiver;
    private readonly Column<Guid> _source;
    private readonly Column<long> _twinVersion;
    private readonly Column<int> _ordinal;
    private readonly Column<string?> _transition;
    private readonly NpgsqlCommand _command = new();

    /// <summary>Makes the small form.</summary>
    public CommitStatement()
        : this(Small)
    {
    }

    /// <summary>Makes a form; <see cref="Prepare"/> follows.</summary>
    protected CommitStatement(string text)
    {
        _command.CommandText = text;
        var c = Columns;
        (_deviceNo, _deviceId, _expected, _twin) = (c.Longs(), c.Uuids(), c.Longs(), c.Bytes());
        (_batchId, _bodyHash, _accepted, _duplicates, _rejected) = (c.UuidsOrNull(), c.Bytes(), c.Ints(), c.Ints(), c.Ints());
        (_receivedAt, _answer, _keptFrom) = (c.Longs(), c.Bytes(), c.One<long>(NpgsqlDbType.Bigint));
        _blocks = new BlockColumns(c);
        _now = c.One<long>(NpgsqlDbType.Bigint);
        (_outboxDevice, _stream, _receiver, _source) = (c.Longs(), c.Texts(), c.Texts(), c.Uuids());
        (_twinVersion, _ordinal, _transition) = (c.Longs(), c.Ints(), c.Texts());
        c.One(NpgsqlDbType.Integer, IOutboxGrain.Shards);
    }

    /// <summary>All columns.</summary>
    protected ColumnSet Columns { get; } = new();

    /// <summary>Makes the statement ready on a connection.</summary>
    public void Prepare(NpgsqlConnection db)
    {
        _command.Connection = db;
        foreach (var parameter in Columns.Parameters)
            _command.Parameters.Add(parameter);
        _command.Prepare();
    }

    /// <summary>Fills in the group, which is sorted by device, and runs it; gives the device numbers that won.</summary>
    public HashSet<long> Run(List<CommitWork> group, DateTimeOffset now)
    {
        Columns.Clear();
        _now.TypedValue = Micros.From(now);
        _keptFrom.TypedValue = Micros.From(now - RetentionRules.KeptAge);
        foreach (var work in group)
            Add(work);
        var won = new HashSet<long>(group.Count);
        using var row = _command.ExecuteReader();
        while (row.Read())
            won.Add(row.Long(0));
        return won;
    }

    /// <inheritdoc/>
    public void Dispose() => _command.Dispose();

    /// <summary>Adds one commit.</summary>
    protected virtual void Add(CommitWork work)
    {
        var commit = work.Commit;
        var batch = commit.Batch;
        _deviceNo.Add(commit.DeviceNo);
        _deviceId.Add(commit.DeviceId);
        _expected.Add(commit.ExpectedVersion);
        _twin.Add(commit.Twin);
        _batchId.Add(batch?.BatchId);
        _bodyHash.Add(work.BodyHash);
        _accepted.Add(batch?.Accepted ?? 0);
        _duplicates.Add(batch?.Duplicates ?? 0);
        _rejected.Add(batch?.Rejected ?? 0);
        _receivedAt.Add(batch is null ? 0 : Micros.From(batch.ReceivedAt));
        _answer.Add(batch?.Answer ?? default);
        foreach (var block in work.Blocks)
            _blocks.Add(commit.DeviceNo, block);
        for (int i = 0; i < commit.Outbox.Length; i++)
        {
            var entry = commit.Outbox[i];
            _outboxDevice.Add(commit.DeviceNo);
            _stream.Add(entry.Stream);
            _receiver.Add(entry.Receiver);
            _source.Add(entry.Transition.DeviceId);
            _twinVersion.Add(entry.Transition.Position.TwinVersion);
            _ordinal.Add(entry.Transition.Position.Ordinal);
            _transition.Add(work.Transitions[i]);
        }
    }
}

/// <summary>The columns of packed blocks.</summary>
internal sealed class BlockColumns(ColumnSet c)
{
    private readonly Column<long> _device = c.Longs();
    private readonly Column<long> _t0 = c.Longs();
    private readonly Column<long> _t1 = c.Longs();
    private readonly Column<long> _correction = c.Longs();
    private readonly Column<int> _points = c.Ints();
    private readonly Column<ReadOnlyMemory<byte>> _runs = c.Bytes();
    private readonly Column<ReadOnlyMemory<byte>> _data = c.Bytes();

    /// <summary>Adds a block; its bytes stay in use until the statement has run.</summary>
    public void Add(long deviceNo, PackedBlock block)
    {
        _device.Add(deviceNo);
        _t0.Add(block.T0);
        _t1.Add(block.T1);
        _correction.Add(block.CorrectionUs);
        _points.Add(block.Points);
        _runs.Add(block.Bytes.AsMemory(0, block.RunBytes));
        _data.Add(block.Bytes.AsMemory(block.RunBytes, block.TotalBytes - block.RunBytes));
    }
}
