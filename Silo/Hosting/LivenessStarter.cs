using EsoCore.Devices;

namespace EsoCore.Silo.Hosting;

/// <summary>Starts the liveness grains: a device whose silo is gone is found silent by the next.</summary>
internal sealed class LivenessStarter(IGrainFactory grains, TimeProvider time, ILogger<LivenessStarter> log, ClusterVersion? cluster = null)
    : ShardStarter(
        "liveness", ILivenessGrain.Shards, shard => grains.GetGrain<ILivenessGrain>(ILivenessGrain.KeyOf(shard)).Start(),
        time, log, cluster);
