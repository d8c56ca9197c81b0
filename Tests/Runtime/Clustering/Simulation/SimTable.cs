using EsoCore.Runtime.Clustering;

namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>The membership table, and the truth about who beat when, which evictions are held against.</summary>
internal sealed class SimTable(World world, SimDatabase database, MembershipOptions options)
{
    private readonly MemoryMembershipTable _table = new(new WorldTime(world));
    private readonly Dictionary<SiloAddress, TimeSpan> _lastProgress = [];
    private readonly Dictionary<SiloAddress, TimeSpan> _deadSince = [];

    public MembershipSnapshot Snapshot => _table.Read(default).Result;

    /// <summary>When a member died in the table; null while it has not.</summary>
    public TimeSpan? DeadSince(SiloAddress silo) => _deadSince.TryGetValue(silo, out TimeSpan at) ? at : null;

    public void Submit(int node, SimSilo? silo, TableRequest request, Action<TableReply, TimeSpan> done)
    {
        TimeSpan issuedAt = world.Now;
        TimeSpan madeAt = TimeSpan.Zero;
        database.Submit<TableReply>(
            node,
            () =>
            {
                madeAt = world.Now;
                return Make(silo, request, issuedAt);
            },
            reply => done(reply ?? NoReply.Instance, madeAt));
    }

    private TableReply Make(SimSilo? silo, TableRequest request, TimeSpan issuedAt)
    {
        // The memory table ends every statement before it returns.
        TableReply reply = request.Execute(_table, default).Result;
        switch (request, reply)
        {
            case (InsertRequest insert, _):
                _lastProgress.TryAdd(insert.Self.Address, world.Now);
                break;
            case (BeatRequest beat, BeatReply { Status: not (null or MemberStatus.Dead) }):
                _lastProgress[beat.Self] = world.Now;
                break;
            case (ChangeRequest { Change: { To: MemberStatus.Dead } change }, ChangeReply { Changed: true }):
                if (change.Address != silo!.Address) CheckEviction(silo, change.Address, issuedAt);
                _deadSince[change.Address] = world.Now;
                break;
        }

        return reply;
    }

    private void CheckEviction(SimSilo judge, SiloAddress victim, TimeSpan issuedAt)
    {
        world.Count("evictions");
        world.Note("evicts", judge.Node, victim.Generation);
        bool wasReported = judge.HasReported(victim) || victim.HasEndpointOf(judge.Address);
        TimeSpan silence = world.Now - _lastProgress[victim];
        world.Check(
            silence >= (wasReported ? options.EvictUnreachableAfter : options.EvictAfter),
            $"Silo {judge.Node} evicted {victim}, whose counter progressed {silence.TotalMilliseconds} ms before");
        world.Check(!database.IsAway, "An eviction happened while the database was away");
        world.Check(
            issuedAt < database.AwaySince || issuedAt - database.BackFromLongSince >= options.EvictAfter,
            $"Silo {judge.Node} evicted {victim} less than an interval after the database came back");
        world.Check(
            issuedAt - judge.ResumedAt >= options.EvictAfter,
            $"Silo {judge.Node} evicted {victim} less than an interval after it stood still itself");
    }
}
