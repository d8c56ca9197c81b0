namespace EsoCore.Tests.Runtime.Clustering.Simulation;

/// <summary>What is stored of a grain: its version, and the writes in the order that they were made.</summary>
internal sealed record StoredGrain(long Version, IReadOnlySet<long> Writes);

/// <summary>How a commit ended.</summary>
internal sealed record CommitReply(bool Committed);

/// <summary>
/// The rows of the grains. A commit is a compare-and-set on the version and nothing else, as that of a twin is; it would take a write a
/// second time, if it were given it.
/// </summary>
internal sealed class SimStore(World world, SimDatabase database, int grains, bool isBlind)
{
    private readonly List<long>[] _writes = [.. Enumerable.Range(0, grains).Select(_ => new List<long>())];
    private readonly HashSet<long>[] _sets = [.. Enumerable.Range(0, grains).Select(_ => new HashSet<long>())];

    public int Grains => grains;

    public bool Has(int grain, long write) => _sets[grain].Contains(write);

    public void Load(int node, int grain, Action<StoredGrain?> done) =>
        database.Submit(node, () => new StoredGrain(_writes[grain].Count, new HashSet<long>(_sets[grain])), done);

    public void Commit(int node, int grain, long expectedVersion, long write, Action<CommitReply?> done) =>
        database.Submit(node, () => Commit(grain, expectedVersion, write), done);

    private CommitReply Commit(int grain, long expectedVersion, long write)
    {
        List<long> writes = _writes[grain];
        if (writes.Count != expectedVersion)
        {
            world.Count("stale commits");
            if (!isBlind) return new CommitReply(false);

            // What a storage without the compare-and-set would do: the row as this activation knows it.
            if (writes.Count > expectedVersion) writes.RemoveRange((int)expectedVersion, (int)(writes.Count - expectedVersion));
        }

        long before = writes.Count;
        writes.Add(write);
        _sets[grain] = [.. writes];
        world.Check(_sets[grain].Count == writes.Count, $"Write {write} of grain {grain} was applied twice");
        world.Check(isBlind || writes.Count == before + 1, $"The version of grain {grain} did not move by one");
        world.Note("commit", grain, write);
        return new CommitReply(true);
    }
}
