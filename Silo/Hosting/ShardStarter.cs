namespace EsoCore.Silo.Hosting;

/// <summary>A number that rises whenever a silo came or went, as this process knows it.</summary>
internal sealed record ClusterVersion(Func<long> Now);

/// <summary>
/// Starts every shard of something once the engine runs, and again whenever a silo came or went: a shard that was on a silo that is gone
/// would else wait for its reminder. A shard that was started before changes nothing. Beside the start, not in it: after a crash of all
/// silos the new ones first have to find that the old ones are dead.
/// </summary>
/// <param name="what">What the shards are of, for the log.</param>
/// <param name="shards">How many there are.</param>
/// <param name="start">Starts one.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
/// <param name="cluster">Tells that a silo came or went; null: there is only this one.</param>
internal abstract class ShardStarter(
    string what, int shards, Func<int, Task> start, TimeProvider time, ILogger log, ClusterVersion? cluster) : BackgroundService
{
    /// <summary>Shards started at one time.</summary>
    private const int AtOnce = 16;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        int[] all = [.. Enumerable.Range(0, shards)];
        var (due, startedAt) = (all, Version);
        while (!stoppingToken.IsCancellationRequested && (cluster is not null || due.Length > 0))
        {
            if (Version is var version && version != startedAt)
                (due, startedAt) = (all, version);
            var failed = new List<int>();
            foreach (var part in due.Chunk(AtOnce))
            {
                var started = await Task.WhenAll(part.Select(Start));
                failed.AddRange(part.Where((_, i) => !started[i]));
            }

            due = [.. failed];
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private long Version => cluster?.Now() ?? 0;

    private async Task<bool> Start(int shard)
    {
        try
        {
            await start(shard);
            return true;
        }
        catch (Exception e)
        {
            log.LogDebug(e, "Shard {Shard} of {What} could not be started yet", shard, what);
            return false;
        }
    }
}
