using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// Links that are made before a call needs one. Knowing the table is not enough: a silo becomes an owner of grains, and a client is ready,
/// when it reaches a silo that serves.
/// </summary>
internal sealed partial class ClusterNode
{
    /// <summary>How often it is looked whether a client still has a link.</summary>
    private static readonly TimeSpan s_linkInterval = TimeSpan.FromSeconds(1);

    /// <summary>Whether there is a link to an active silo.</summary>
    public bool IsLinked => _membership?.State.View.Active.Any(silo => _peers.TryGetValue(silo, out Peer? peer) && peer.IsLinked) == true;

    /// <summary>A link was made.</summary>
    public void OnLinked(SiloAddress silo) => _agent?.Linked(silo);

    /// <summary>Makes links while there is none: a silo until it has joined, a client for as long as it runs.</summary>
    private async Task LinkAsync()
    {
        TimeSpan joining = Options.Membership.HeartbeatInterval / 4;
        while (!_stop.IsCancellationRequested && (IsClient || Membership.State.Standing == SiloStanding.Joining))
        {
            if (!IsLinked)
            {
                foreach (SiloAddress silo in Membership.State.View.Active) PeerOf(silo).Link();
            }

            await Task.Delay(IsClient && IsLinked ? s_linkInterval : joining, Runtime.TimeProvider, Stopped)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private string? WhyNotLinked()
    {
        if (!HasOthers || IsLinked) return null;
        string[] faults = [.. _peers.Values.Select(peer => peer.LinkFault).OfType<string>().Order()];
        return $"none of the {Membership.State.View.Active.Length} active silos can be reached; all need the same secret and the same "
            + $"setting of TLS. {(faults.Length > 0 ? faults[0] : "No connection came about.")}";
    }
}
