using EsoCore.Events;

namespace EsoCore.Silo.Hosting;

/// <summary>A number that rises whenever a silo came or went, as this process knows it.</summary>
internal sealed record ClusterVersion(Func<long> Now);

/// <summary>
/// Starts every shard of the outbox once the engine runs, and again whenever a silo came or went: a shard that was on a silo that is
/// gone would else wait for its reminder, and with it what that silo had committed and not sent on. A shard that was started before
/// changes nothing. Beside the start, not in it: after a crash of all silos the new ones first have to find that the old ones are dead.
/// </summary>
internal sealed class OutboxStarter(
    IGrainFactory grains, TimeProvider time, ILogger<OutboxStarter> log, ClusterVersion? cluster = null) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly int[] All = [.. Enumerable.Range(0, IOutboxGrain.Shards)];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (due, startedAt) = (All, Version);
        while (!stoppingToken.IsCancellationRequested && (cluster is not null || due.Length > 0))
        {
            if (Version is var version && version != startedAt)
                (due, startedAt) = (All, version);
            var started = await Task.WhenAll(due.Select(Start));
            due = [.. due.Where((_, i) => !started[i])];
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private long Version => cluster?.Now() ?? 0;

    private async Task<bool> Start(int shard)
    {
        try
        {
            await grains.GetGrain<IOutboxGrain>($"{shard}").Start();
            return true;
        }
        catch (Exception e)
        {
            log.LogDebug(e, "Shard {Shard} of the outbox could not be started yet", shard);
            return false;
        }
    }
}
