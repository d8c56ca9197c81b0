using System.Security.Authentication;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using EsoCore.Silo.Channels.Net;

namespace EsoCore.Silo.Channels.Email;

/// <summary>Mail by SMTP: a connection a message, with TLS and login as the channel says.</summary>
internal sealed class EmailSender(GuardedConnector connector, TrustedRoots roots) : IChannelSender
{
    private const int DefaultPort = 587;

    public string Kind => ChannelKinds.Email;

    public async Task<SendResult> Send(OutgoingMessage message, CancellationToken cancel)
    {
        var (settings, secrets) = (message.Access.Settings, message.Access.Secrets);
        if (settings.Host is not { Length: > 0 } host)
            return SendResult.Permanent("there is no mail server");
        if (!MailText.IsAddress(message.To) || !MailText.IsAddress(settings.From ?? ""))
            return SendResult.Permanent($"'{message.To}' or the sender's is no mail address");
        var security = settings.Security ?? "starttls";
        var told = new ToldText(secrets, user: settings.User);
        try
        {
            var stream = await connector.Connect(
                host, settings.Port ?? DefaultPort, isPlain: security == "none", message.Access.Trusted, cancel);
            await using var smtp = new SmtpConnection(stream, roots.For(host), told);
            await smtp.Open(security, cancel);
            if (!string.IsNullOrEmpty(settings.User))
                await smtp.LogIn(settings.User, secrets.Password ?? "", cancel);
            var answer = await smtp.Deliver(settings.From!, message.To, MailText.Of(message, settings.From!), cancel);
            return SendResult.Delivered(answer);
        }
        catch (SmtpRefusedException refused)
        {
            return refused.IsLasting ? SendResult.Permanent(refused.Message, refused.IsOfChannel) : SendResult.Retryable(refused.Message);
        }
        catch (TargetRefusedException refused)
        {
            return SendResult.Permanent(refused.Message, channelRefused: true);
        }
        catch (AuthenticationException untrusted)
        {
            return SendResult.Permanent($"TLS: {untrusted.Message}", channelRefused: true); // It stays so until somebody mends it.
        }
        catch (IOException error)
        {
            return SendResult.Retryable(error.Message);
        }
    }
}
