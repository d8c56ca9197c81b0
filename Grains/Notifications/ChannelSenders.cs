using EsoCore.Grains.Projects;
using EsoCore.Notifications;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EsoCore.Grains.Notifications;

/// <summary>Finds the sender of a kind of channel, opens the channel's secrets, and bounds each attempt in time.</summary>
internal sealed class ChannelSenders(
    IEnumerable<IChannelSender> senders,
    IInstallationKeys keys,
    IOptions<NotificationOptions> options,
    TimeProvider time,
    ILogger<ChannelSenders> log)
{
    /// <summary>The id by which the installation's own mail is known.</summary>
    public const string InstallationMail = "smtp";

    /// <summary>What is told when sealed secrets do not open.</summary>
    public const string CannotOpen = "the channel's secrets do not open with this installation's master key; set them again";

    private readonly ImmutableDictionary<string, IChannelSender> _senders = senders.ToImmutableDictionary(s => s.Kind);

    /// <summary>Whether the installation has mail of its own.</summary>
    public bool HasInstallationMail => !string.IsNullOrEmpty(options.Value.Smtp.Host);

    /// <summary>Opens a channel; null when its secrets cannot be opened. No channel: the installation's mail.</summary>
    public ChannelAccess? Open(Guid projectId, string id, StoredChannel? channel)
    {
        if (channel is not null)
            return ChannelVault.Open(keys, ProjectKey.Of(projectId, id), channel.Sealed) is { } secrets
                ? new ChannelAccess(channel.Definition.Settings, secrets, Trusted: false) : null;
        var smtp = options.Value.Smtp;
        return new ChannelAccess(
            new ChannelSettings([], smtp.Host, smtp.Port, smtp.Security, smtp.User, smtp.From), new ChannelSecrets(Password: smtp.Password),
            Trusted: true);
    }

    /// <summary>
    /// Makes one attempt. Whatever goes wrong is an answer, never an exception; but <paramref name="stop"/> is thrown on.
    /// </summary>
    public async Task<SendResult> Send(string kind, OutgoingMessage message, CancellationToken stop)
    {
        if (!_senders.TryGetValue(kind, out var sender))
            return SendResult.Permanent($"this process has no sender for channels of kind {kind}");
        using var timeout = new CancellationTokenSource(options.Value.SendTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            // WaitAsync: a sender that forgets its token must not hold the message for ever.
            var result = await sender.Send(message, either.Token).WaitAsync(either.Token);
            // The installation's own mail is the administrator's to mend, and nobody is to send every message again by hand after that.
            return result.ChannelRefused && message.Access.Trusted ? SendResult.Retryable(result.Detail) : result;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            return SendResult.Retryable($"no answer within {options.Value.SendTimeout.TotalSeconds:0} s");
        }
        catch (Exception error)
        {
            log.LogWarning(error, "A message of kind {Kind} failed in a way that its sender does not know", kind);
            return SendResult.Retryable(error.Message);
        }
    }
}
