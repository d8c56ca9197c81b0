using EsoCore.Devices;

namespace EsoCore.Silo.Hosting;

/// <summary>Starts the liveness grains: a device whose silo is gone is found silent by the next.</summary>
internal sealed class LivenessStarter(IGrainFactory grains, TimeProvider time, ILogger<LivenessStarter> log, ClusterVersion? cluster = null)
    : ShardStarter(
        "liveness", LivenessShards.Count, shard => grains.GetGrain<ILivenessGrain>(LivenessShards.KeyOf(shard)).Start(),
        time, log, cluster);
