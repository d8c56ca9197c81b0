namespace EsoCore.Runtime.Clustering;

/// <summary>
/// A membership table in memory, for the silos of one process: tests, and a silo that is alone. Tests can make it fail.
/// </summary>
public sealed class MemoryMembershipTable(TimeProvider time) : IMembershipTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SiloAddress, Row> _rows = [];
    private long _version;

    /// <summary>Asked before each statement; a task that fails is the statement's failure, before anything was done.</summary>
    public Func<CancellationToken, Task>? Before { get; set; }

    /// <summary>Asked after each statement: a task that fails makes its outcome unknown to the caller.</summary>
    public Func<CancellationToken, Task>? After { get; set; }

    /// <inheritdoc/>
    public Task<MembershipSnapshot> Read(CancellationToken cancel) =>
        Do(() => new MembershipSnapshot(_version, [.. _rows.Values.Select(row => row.Member)]), cancel);

    /// <inheritdoc/>
    public Task<InsertOutcome> Insert(Member member, CancellationToken cancel) => Do(
        () =>
        {
            if (_rows.ContainsKey(member.Address)) return InsertOutcome.Inserted;
            if (_rows.Values.Count(row => row.Member.IsLive) >= IMembershipTable.MaxLiveMembers) return InsertOutcome.Full;
            _rows.Add(member.Address, new Row(member with { Status = MemberStatus.Joining }));
            _version++;
            return InsertOutcome.Inserted;
        },
        cancel);

    /// <inheritdoc/>
    public Task<MemberStatus?> Beat(SiloAddress address, CancellationToken cancel) => Do<MemberStatus?>(
        () =>
        {
            if (!_rows.TryGetValue(address, out Row? row)) return null;
            if (row.Member.IsLive) row.Member = row.Member with { Heartbeat = row.Member.Heartbeat + 1 };
            return row.Member.Status;
        },
        cancel);

    /// <inheritdoc/>
    public Task<bool> Change(StatusChange change, CancellationToken cancel) => Do(
        () =>
        {
            if (change.Version != _version || !_rows.TryGetValue(change.Address, out Row? row)) return false;
            if (row.Member.Status != change.From || (change.Heartbeat ?? row.Member.Heartbeat) != row.Member.Heartbeat) return false;
            row.Member = row.Member with { Status = change.To };
            if (change.To == MemberStatus.Dead) row.DeadSince = time.GetUtcNow();
            _version++;
            return true;
        },
        cancel);

    /// <inheritdoc/>
    public Task<int> DeleteDead(TimeSpan deadFor, int limit, CancellationToken cancel) => Do(
        () =>
        {
            DateTimeOffset before = time.GetUtcNow() - deadFor;
            SiloAddress[] gone = [.. _rows.Where(row => row.Value.DeadSince <= before).Take(limit).Select(row => row.Key)];
            foreach (SiloAddress address in gone) _rows.Remove(address);
            return gone.Length;
        },
        cancel);

    private async Task<T> Do<T>(Func<T> statement, CancellationToken cancel)
    {
        if (Before is { } before) await before(cancel);
        T result;
        lock (_gate) result = statement();
        if (After is { } after) await after(cancel);
        return result;
    }

    private sealed class Row(Member member)
    {
        public Member Member { get; set; } = member;

        public DateTimeOffset? DeadSince { get; set; }
    }
}
