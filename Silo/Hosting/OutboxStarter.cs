using EsoCore.Events;

namespace EsoCore.Silo.Hosting;

/// <summary>Starts the shards of the outbox: what a silo that is gone had committed and not sent on is sent by the next.</summary>
internal sealed class OutboxStarter(IGrainFactory grains, TimeProvider time, ILogger<OutboxStarter> log, ClusterVersion? cluster = null)
    : ShardStarter(
        "the outbox", IOutboxGrain.Shards, shard => grains.GetGrain<IOutboxGrain>($"{shard}").Start(), time, log, cluster);
