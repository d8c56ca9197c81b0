using EsoCore.Runtime.Clustering;
using EsoCore.Silo.Storage.PostgreSql;
using EsoCore.Tests.Runtime.Clustering;
using Xunit;

namespace EsoCore.Tests.Storage.PostgreSql;

public sealed class PostgresMembershipTableTests : MembershipTableContract, IAsyncLifetime
{
    /// <summary>What is asked here is what the table does; on a busy machine a server may be slow with any statement.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly List<PostgresMembershipTable> _opened = [];
    private PostgresServer _server = null!;
    private string _database = null!;

    public async Task InitializeAsync()
    {
        _server = await PostgresServer.Shared;
        _database = await _server.CreateDatabase();
    }

    public async Task DisposeAsync()
    {
        foreach (PostgresMembershipTable table in _opened) await table.DisposeAsync();
        await _server.DropDatabase(_database);
    }

    [Fact]
    public async Task AServerThatClosedTheConnections_CostsOneStatementAtMost()
    {
        IMembershipTable table = await Open();
        await table.Insert(Members.Member(1), default);
        await table.Beat(Members.Address(1), default);
        await _server.Execute(
            "postgres", $"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{_database}'");
        await Assert.ThrowsAsync<MembershipTableException>(() => table.Beat(Members.Address(1), default));
        Assert.Equal(MemberStatus.Joining, await table.Beat(Members.Address(1), default));
    }

    [Fact]
    public async Task ADatabaseThatIsNotThere_IsATableThatDoesNotAnswer()
    {
        await using var table = new PostgresMembershipTable(_server.ConnectionString("no_such_database"), Patience);
        await Assert.ThrowsAsync<MembershipTableException>(() => table.Read(default));
    }

    [Fact]
    public async Task AChangeThatWaitsForAHeartbeat_DoesNotHappen()
    {
        IMembershipTable table = await Open();
        await table.Insert(Members.Member(1), default);
        await using var db = new Npgsql.NpgsqlConnection(_server.ConnectionString(_database));
        await db.OpenAsync();
        await using var beat = await db.BeginTransactionAsync();
        await using (var command = new Npgsql.NpgsqlCommand("update silo_member set heartbeat = heartbeat + 1", db, beat))
            await command.ExecuteNonQueryAsync();

        Task<bool> eviction = table.Change(new StatusChange(Members.Address(1), MemberStatus.Joining, MemberStatus.Dead, 1, 0), default);
        string waiting = $"select count(*) from pg_stat_activity where datname = '{_database}' and wait_event_type = 'Lock'";
        while (await _server.Ask<long>("postgres", waiting) == 0)
            Assert.False(eviction.IsCompleted);
        await beat.CommitAsync();
        Assert.False(await eviction);
        Assert.Equal((1L, MemberStatus.Joining), ((await table.Read(default)).Version, (await table.Read(default)).Members[0].Status));
    }

    private protected override Task<IMembershipTable> Open()
    {
        var table = new PostgresMembershipTable(_server.ConnectionString(_database), Patience);
        _opened.Add(table);
        return Task.FromResult<IMembershipTable>(table);
    }
}
