namespace EsoCore.Runtime.Clustering;

/// <summary>Holds the newest state and wakes those who wait for another. One writer, any number of readers.</summary>
internal sealed class StateFeed(ClusterState first)
{
    private volatile Node _newest = new(first);

    public ClusterState State => _newest.State;

    public void Publish(ClusterState state)
    {
        Node before = _newest;
        _newest = new Node(state);
        before.Replaced.SetResult();
    }

    public async ValueTask<ClusterState> WaitForChange(ClusterState known, CancellationToken cancel)
    {
        Node node = _newest;
        if (!ReferenceEquals(node.State, known)) return node.State;
        await node.Replaced.Task.WaitAsync(cancel);
        return _newest.State;
    }

    private sealed class Node(ClusterState state)
    {
        public ClusterState State { get; } = state;

        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
