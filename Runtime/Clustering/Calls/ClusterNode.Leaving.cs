using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Clustering;

/// <summary>A planned end: no call fails because of it.</summary>
internal sealed partial class ClusterNode
{
    /// <summary>From here on new calls go to the new owners, those that still come here are forwarded.</summary>
    public async Task LeaveAsync(CancellationToken cancel)
    {
        if (_agent is null || _agent.State.IsOver) return;
        if (!await TryAsync(_agent.Leave, cancel))
            Runtime.Log.LogWarning("The membership table does not answer: this silo stops without a hand-over, and calls may fail");
        Runtime.Catalog.ForEachPlaced(YieldIfOthers);
    }

    /// <summary>
    /// When the activations have ended: asks the others to send no more calls, which they do once they know the new owners, and waits until
    /// what they had sent is answered.
    /// </summary>
    public async Task DrainAsync()
    {
        if (IsClient || Membership.State.IsOver) return;
        long version = Membership.State.View.Version;
        await Task.WhenAll(_inbound.Keys.Select(peer => peer.SayGoodbyeAsync(version)));
    }

    /// <summary>
    /// When nothing is left to be done here: the member is dead in the table, some heartbeats later, during which late calls are still
    /// forwarded. Those who connected meanwhile are asked to go too.
    /// </summary>
    public async Task FinishLeavingAsync(CancellationToken cancel)
    {
        if (_agent is null || _agent.State.IsOver) return;
        await TryAsync(_agent.FinishLeaving, cancel);
        long version = Membership.State.View.Version;
        await TryAsync(_ => Task.WhenAll(_inbound.Keys.Select(peer => peer.SayGoodbyeAsync(version))), cancel);
    }

    /// <summary>The end of the part in the cluster.</summary>
    public async Task EndAsync(CancellationToken cancel)
    {
        await TryAsync(_ => Task.WhenAll(_inbound.Keys.Select(peer => peer.CloseWhenSentAsync())), cancel);
        await StopAsync();
    }

    /// <summary>Ends as a crash would: the table keeps the row, connections break.</summary>
    public async Task StopAsync()
    {
        Disconnect("this process ends");
        await Transport.DisposeAsync();
        if (_agent is not null) await _agent.DisposeAsync();
        if (_watcher is not null) await _watcher.DisposeAsync();
        await _watching;
        await _linking;
    }

    private async Task<bool> TryAsync(Func<CancellationToken, Task> step, CancellationToken cancel)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            await step(limit.Token).WaitAsync(Options.LeavePatience, Runtime.TimeProvider, cancel);
            return true;
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            return false;
        }
    }
}
