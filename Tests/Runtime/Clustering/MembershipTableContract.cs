using EsoCore.Runtime.Clustering;
using Xunit;
using static EsoCore.Tests.Runtime.Clustering.Members;

namespace EsoCore.Tests.Runtime.Clustering;

/// <summary>What every membership table does.</summary>
public abstract class MembershipTableContract
{
    private protected abstract Task<IMembershipTable> Open();

    [Fact]
    public async Task Read_AnEmptyTable_IsVersionZero()
    {
        MembershipSnapshot empty = await (await Open()).Read(default);
        Assert.Equal(0, empty.Version);
        Assert.Empty(empty.Members);
    }

    [Fact]
    public async Task Insert_IsReadBack_AndAgainChangesNothing()
    {
        IMembershipTable table = await Open();
        Member member = Member(1, MemberStatus.Joining, long.MaxValue, new ProgramInfo("1.2.3-π", 3, 7));
        Assert.Equal(InsertOutcome.Inserted, await table.Insert(member, default));
        await table.Beat(member.Address, default);
        Assert.Equal(InsertOutcome.Inserted, await table.Insert(member, default));
        MembershipSnapshot read = await table.Read(default);
        Assert.Equal(1, read.Version);
        Assert.Equal(member with { Heartbeat = 1 }, Assert.Single(read.Members));
    }

    [Fact]
    public async Task Insert_IntoAFullTable_IsRefused_UntilOneIsDead()
    {
        IMembershipTable table = await Open();
        for (int i = 0; i < IMembershipTable.MaxLiveMembers; i++)
            Assert.Equal(InsertOutcome.Inserted, await table.Insert(Member(i, MemberStatus.Joining), default));
        Member late = Member(999, MemberStatus.Joining);
        Assert.Equal(InsertOutcome.Full, await table.Insert(late, default));
        Assert.Equal(InsertOutcome.Inserted, await table.Insert(Member(0, MemberStatus.Joining), default));

        await Set(table, 0, MemberStatus.Joining, MemberStatus.Dead);
        Assert.Equal(InsertOutcome.Inserted, await table.Insert(late, default));
        Assert.Equal(IMembershipTable.MaxLiveMembers + 1, (await table.Read(default)).Members.Count);
    }

    [Fact]
    public async Task Beat_RaisesTheCounter_AndTellsTheStatus()
    {
        IMembershipTable table = await Open();
        Assert.Null(await table.Beat(Address(1), default));
        await table.Insert(Member(1), default);
        Assert.Equal(MemberStatus.Joining, await table.Beat(Address(1), default));
        await Set(table, 1, MemberStatus.Joining, MemberStatus.Active);
        Assert.Equal(MemberStatus.Active, await table.Beat(Address(1), default));
        Assert.Null(await table.Beat(Address(1, generation: 2), default));
        Assert.Equal((2L, 2L), ((await table.Read(default)).Version, (await table.Read(default)).Members[0].Heartbeat));
        await Set(table, 1, MemberStatus.Active, MemberStatus.Dead);
        Assert.Equal(MemberStatus.Dead, await table.Beat(Address(1), default));
    }

    [Fact]
    public async Task Change_DecidedOnWhatIsNoLongerSo_DoesNothing()
    {
        IMembershipTable table = await Open();
        await table.Insert(Member(1), default);
        await table.Beat(Address(1), default);
        var right = new StatusChange(Address(1), MemberStatus.Joining, MemberStatus.Active, 1, 1);
        StatusChange[] wrongs =
        [
            right with { Version = 0 }, right with { Version = 2 }, right with { From = MemberStatus.Active }, right with { Heartbeat = 0 },
            right with { Address = Address(2) },
        ];
        foreach (StatusChange wrong in wrongs)
        {
            Assert.False(await table.Change(wrong, default));
            Assert.Equal(1, (await table.Read(default)).Version);
        }

        Assert.True(await table.Change(right, default));
        Assert.False(await table.Change(right, default));
        MembershipSnapshot after = await table.Read(default);
        Assert.Equal((2L, MemberStatus.Active), (after.Version, after.Members[0].Status));
    }

    [Fact]
    public async Task Change_ByManyAtOnce_HappensOnce()
    {
        IMembershipTable table = await Open();
        for (int i = 1; i <= 8; i++) await table.Insert(Member(i), default);
        bool[] done = await Task.WhenAll(Enumerable.Range(1, 8)
            .Select(i => TryChange(table, new StatusChange(Address(i), MemberStatus.Joining, MemberStatus.Dead, 8, null))));
        Assert.Single(done, changed => changed);
        MembershipSnapshot after = await table.Read(default);
        Assert.Equal((9L, 1), (after.Version, after.Members.Count(member => member.Status == MemberStatus.Dead)));
    }

    [Fact]
    public async Task DeleteDead_SparesTheLivingAndTheFresh_AndKeepsToItsLimit()
    {
        IMembershipTable table = await Open();
        for (int i = 1; i <= 4; i++) await table.Insert(Member(i), default);
        for (int i = 1; i <= 3; i++) await Set(table, i, MemberStatus.Joining, MemberStatus.Dead);
        Assert.Equal(0, await table.DeleteDead(TimeSpan.FromMinutes(1), 10, default));
        Assert.Equal(2, await table.DeleteDead(TimeSpan.Zero, 2, default));
        Assert.Equal(1, await table.DeleteDead(TimeSpan.Zero, 2, default));
        MembershipSnapshot after = await table.Read(default);
        Assert.Equal((7L, Address(4)), (after.Version, Assert.Single(after.Members).Address));
    }

    /// <summary>A table may give up one of many statements at once; that is no change either.</summary>
    private static async Task<bool> TryChange(IMembershipTable table, StatusChange change)
    {
        try
        {
            return await table.Change(change, default);
        }
        catch (MembershipTableException)
        {
            return false;
        }
    }

    private static async Task Set(IMembershipTable table, int n, MemberStatus from, MemberStatus to) =>
        Assert.True(await table.Change(new StatusChange(Address(n), from, to, (await table.Read(default)).Version, null), default));
}

public sealed class MemoryMembershipTableTests : MembershipTableContract
{
    private protected override Task<IMembershipTable> Open() =>
        Task.FromResult<IMembershipTable>(new MemoryMembershipTable(TimeProvider.System));
}
