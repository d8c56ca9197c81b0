using EsoCore.Runtime.Clustering;
using Npgsql;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>
/// The membership table in PostgreSQL. It has connections of its own, so that heartbeats never stand in line behind commits: one pool for
/// heartbeats, which nobody needs to be durable, and one for the rest.
/// </summary>
internal sealed class PostgresMembershipTable : IMembershipTable, IAsyncDisposable
{
    /// <summary>Connections of each pool: one at work, and one for when a statement was given up and still hangs.</summary>
    private const int PoolSize = 2;

    private static readonly TimeSpan StatementTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Rows read at most. All live members are among them.</summary>
    private const int ReadLimit = 4 * IMembershipTable.MaxLiveMembers;

    private static readonly SqlFile Sql = SqlFile.Of<PostgresMembershipTable>();

    private readonly NpgsqlDataSource _beats;
    private readonly NpgsqlDataSource _changes;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="statementTimeout">
    /// How long a connection and a statement may take each, whole seconds; 1 s unless told. Tests that ask what the table does, and not
    /// how long it takes, give more.
    /// </param>
    public PostgresMembershipTable(string connectionString, TimeSpan? statementTimeout = null)
    {
        var timeout = statementTimeout ?? StatementTimeout;

        // The server gives up before the caller does, so that most late changes are known not to have happened.
        var settings = $"-c jit=off -c statement_timeout={(int)(0.9 * timeout.TotalMilliseconds)}";
        _beats = Make(connectionString, timeout, "heartbeat", $"{settings} -c synchronous_commit=off");
        _changes = Make(connectionString, timeout, "membership", settings);
    }

    /// <inheritdoc/>
    public Task<MembershipSnapshot> Read(CancellationToken cancel) => Ask(_changes, "read", a => a.Add(ReadLimit), ReadSnapshot, cancel);

    /// <inheritdoc/>
    public Task<InsertOutcome> Insert(Member member, CancellationToken cancel) => Ask(
        _changes,
        "insert",
        a => Key(a, member.Address).Add(member.StartedAt).Add(member.Program.Version).Add(member.Program.LowestFormat)
            .Add(member.Program.HighestFormat).Add(IMembershipTable.MaxLiveMembers),
        async (row, stop) => await IsTrue(row, stop).ConfigureAwait(false) ? InsertOutcome.Inserted : InsertOutcome.Full,
        cancel);

    /// <inheritdoc/>
    public Task<MemberStatus?> Beat(SiloAddress address, CancellationToken cancel) => Ask<MemberStatus?>(
        _beats,
        "beat",
        a => Key(a, address),
        async (row, stop) => await row.ReadAsync(stop).ConfigureAwait(false) ? (MemberStatus)row.Int(0) : null,
        cancel);

    /// <inheritdoc/>
    public Task<bool> Change(StatusChange change, CancellationToken cancel) => Ask(
        _changes,
        "change",
        a => Key(a, change.Address).Add((int)change.From).Add((int)change.To).Add(change.Version).Add(change.Heartbeat),
        IsTrue,
        cancel);

    /// <inheritdoc/>
    public Task<int> DeleteDead(TimeSpan deadFor, int limit, CancellationToken cancel) => Ask(
        _changes,
        "delete_dead",
        a => a.Add((long)deadFor.TotalMicroseconds).Add(limit),
        (row, _) => new ValueTask<int>(row.RecordsAffected),
        cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _beats.DisposeAsync().ConfigureAwait(false);
        await _changes.DisposeAsync().ConfigureAwait(false);
    }

    private static NpgsqlDataSource Make(string connectionString, TimeSpan timeout, string use, string settings)
    {
        var text = new NpgsqlConnectionStringBuilder(connectionString)
        {
            MinPoolSize = 0,
            MaxPoolSize = PoolSize,
            Timeout = (int)timeout.TotalSeconds,
            CommandTimeout = (int)timeout.TotalSeconds,

            // A connection whose statement is late is closed, without a second one to ask the server to stop.
            CancellationTimeout = -1,
            MaxAutoPrepare = 8,
            AutoPrepareMinUsages = 2,
            NoResetOnClose = true,
            IncludeErrorDetail = false,
        };
        text.ApplicationName = $"{text.ApplicationName ?? "esocore"} {use}";
        text.Options = $"{text.Options} {settings}".Trim();
        return new NpgsqlDataSourceBuilder(text.ConnectionString).Build();
    }

    private static Args Key(Args arguments, SiloAddress address) => arguments.Add(address.Host).Add(address.Port).Add(address.Generation);

    private static async ValueTask<bool> IsTrue(NpgsqlDataReader row, CancellationToken cancel) =>
        await row.ReadAsync(cancel).ConfigureAwait(false) && row.GetBoolean(0);

    private static async ValueTask<MembershipSnapshot> ReadSnapshot(NpgsqlDataReader row, CancellationToken cancel)
    {
        var members = new List<Member>();
        long version = 0;
        while (await row.ReadAsync(cancel).ConfigureAwait(false))
        {
            version = row.Long(0);
            if (row.IsDBNull(1)) continue;
            members.Add(new Member(
                new SiloAddress(row.GetString(1), row.Int(2), row.Long(3)),
                (MemberStatus)row.Int(4),
                row.Long(5),
                row.Time(6),
                new ProgramInfo(row.GetString(7), row.Int(8), row.Int(9))));
        }

        return new MembershipSnapshot(version, members);
    }

    private static async Task<T> Ask<T>(
        NpgsqlDataSource source, string name, Action<Args> bind, Func<NpgsqlDataReader, CancellationToken, ValueTask<T>> read,
        CancellationToken cancel)
    {
        try
        {
            var db = await source.OpenConnectionAsync(cancel).ConfigureAwait(false);
            await using (db.ConfigureAwait(false))
                return await Sessions.Ask(db, Sql[name], bind, read, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (PgErrors.IsAway(e))
        {
            // After a restart of the server every connection of the pool is dead; one failure is enough to know.
            if (!PgErrors.IsRolledBack(e)) source.Clear();
            throw new MembershipTableException($"PostgreSQL does not serve: {e.Message}", e);
        }
    }
}
