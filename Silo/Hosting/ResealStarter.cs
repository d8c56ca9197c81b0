using EsoCore.Grains.Projects;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// While the master key is being replaced, seals anew what the old one sealed, once after the start and beside it, and tells in the log
/// whether the old one is still needed.
/// </summary>
internal sealed class ResealStarter(Resealer resealer, TimeProvider time, ILogger<ResealStarter> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested && resealer.HasOldKey)
        {
            try
            {
                var done = await resealer.Run(stoppingToken);
                log.LogInformation(
                    "Sealed anew by master key {Key}, which is in force here: the secrets of {Channels} channels and {Keys} devices' "
                    + "signing keys; {Left} still need another key. {Verdict}",
                    resealer.KeyInForce, done.Channels, done.Keys, done.Left,
                    done.Left == 0 ? $"Nothing stored needs another key than {resealer.KeyInForce}"
                        : "Keep the other key until these are set anew, or until every server seals by this one and starts once more");
                return;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning(error, "What the old master key sealed could not be sealed anew; it is tried again");
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
