using Microsoft.Extensions.Logging;

namespace EsoCore.Runtime.Clustering;

/// <summary>Tells people what changed.</summary>
internal static class MembershipLog
{
    public static void Write(ILogger log, ClusterState before, ClusterState after)
    {
        if (!ReferenceEquals(before.View, after.View)) log.LogInformation("The members are {View}", after.View);
        if (before.HasDatabase && !after.HasDatabase)
            log.LogWarning("The membership table does not answer; nobody is evicted until it has been back for a while");
        else if (!before.HasDatabase && after.HasDatabase)
            log.LogInformation("The membership table answers");
        if (before.Standing == after.Standing) return;
        if (after.Standing == SiloStanding.Evicted) log.LogError("The other members have taken this silo for dead; it serves nothing more");
        else log.LogInformation("This silo is {Standing}", after.Standing);
    }
}
