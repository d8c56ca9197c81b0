namespace EsoCore.Runtime.Clustering;

/// <summary>Where a reference's calls went last; good as long as the state it was decided on is the one in force.</summary>
internal sealed record RemoteRoute(Peer Peer, ClusterState State);
