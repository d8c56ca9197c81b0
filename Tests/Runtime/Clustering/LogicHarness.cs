using EsoCore.Runtime.Clustering;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

/// <summary>Members over one table in memory, moved step by step; statements take no time and each member's can be made to fail.</summary>
internal sealed class LogicHarness
{
    /// <summary>How far the clock moves at once.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    private readonly List<LogicMember> _members = [];

    public LogicHarness() => Table = new MemoryMembershipTable(Time);

    public FakeTimeProvider Time { get; } = new();

    public MemoryMembershipTable Table { get; }

    public bool TableIsAway { get; set; }

    public MembershipOptions Options { get; } = new();

    public TimeSpan Now => Time.GetElapsedTime(0);

    public LogicMember Add(int n, long generation = 1, bool active = true, ProgramInfo? program = null, bool needsLink = false)
    {
        var member = new LogicMember(this, Members.Member(n, MemberStatus.Joining, generation, program), needsLink);
        _members.Add(member);
        if (active) member.Logic.ListenerIsUp(Now);
        return member;
    }

    /// <summary>Lets time pass for all members that are not paused.</summary>
    public void Run(double seconds)
    {
        for (TimeSpan end = Now + TimeSpan.FromSeconds(seconds); Now < end; Time.Advance(Step)) RunOnce();
        RunOnce();
    }

    public MemberStatus? StatusOf(LogicMember member) =>
        Table.Read(default).Result.Members.FirstOrDefault(m => m.Address == member.Address)?.Status;

    public void Set(LogicMember member, MemberStatus to)
    {
        MembershipSnapshot now = Table.Read(default).Result;
        Assert.True(Table.Change(new StatusChange(member.Address, StatusOf(member)!.Value, to, now.Version, null), default).Result);
    }

    private void RunOnce()
    {
        foreach (LogicMember member in _members.Where(member => !member.IsPaused)) member.Work();
    }
}

/// <summary>One member of a <see cref="LogicHarness"/>.</summary>
internal sealed class LogicMember(LogicHarness harness, Member self, bool needsLink)
{
    public MembershipLogic Logic { get; } = new(self, harness.Options, harness.Now, needsLink);

    public SiloAddress Address => self.Address;

    public ClusterState State => Logic.State;

    public bool IsPaused { get; set; }

    public bool IsCutOff { get; set; }

    public List<TableRequest> Requests { get; } = [];

    /// <summary>Makes all statements that are due.</summary>
    public void Work()
    {
        bool worked;
        do
        {
            worked = false;
            foreach (Lane lane in Enum.GetValues<Lane>())
            {
                if (Logic.Next(lane, harness.Now) is not { } request) continue;
                Requests.Add(request);
                TableReply reply = harness.TableIsAway || IsCutOff ? NoReply.Instance : request.Execute(harness.Table, default).Result;
                Logic.Complete(request, reply, harness.Now);
                worked = true;
            }
        }
        while (worked);
    }
}
