namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>Messages between nodes: delayed, dropped, cut between pairs.</summary>
internal sealed class SimNetwork(World world)
{
    private readonly HashSet<(int, int)> _cuts = [];

    public double DropRate { get; set; }

    public bool IsSlow { get; set; }

    public void Cut(int one, int other) => _cuts.Add(Pair(one, other));

    public void Heal(int one, int other) => _cuts.Remove(Pair(one, other));

    public bool IsCut(int one, int other) => _cuts.Contains(Pair(one, other));

    public void Send(int from, int to, Action deliver)
    {
        if (IsCut(from, to) || world.Chance(DropRate))
        {
            world.Count("lost messages");
            return;
        }

        world.After(IsSlow ? world.Between(5, 300) : world.Between(0, 3), deliver);
    }

    private static (int, int) Pair(int one, int other) => one < other ? (one, other) : (other, one);
}
