using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Text;
using EsoCore.Grains.Notifications;

namespace EsoCore.Silo.Channels.Net;

/// <summary>
/// Sends requests to targets that projects have set: through the guard, following no redirects, through no proxy, with no cookies, and
/// reading no more of the answer than is told to people.
/// </summary>
internal sealed class HttpTargets : IDisposable
{
    /// <summary>
    /// Bytes of an answer that are read: enough that a secret at the end of what is told is there as a whole, and so found.
    /// </summary>
    private const int MaxAnswer = 8_192;

    /// <summary>KiB of an answer's headers.</summary>
    private const int MaxHeaders = 16;

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long the text of an answer is waited for.</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(2);

    // A target that moved is found again soon.
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(2);

    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    public HttpTargets(GuardedConnector connector, TrustedRoots roots, TimeProvider time)
    {
        _time = time;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionLifetime = ConnectionLife,
            MaxConnectionsPerServer = 16,
            MaxResponseHeadersLength = MaxHeaders,
            SslOptions = { RemoteCertificateValidationCallback = roots.IsTrusted },
            ConnectCallback = async (context, cancel) => await connector.Connect(
                context.DnsEndPoint.Host, context.DnsEndPoint.Port,
                isPlain: context.InitialRequestMessage.RequestUri?.Scheme != Uri.UriSchemeHttps, isTrusted: false, cancel),
        })
        { Timeout = Timeout.InfiniteTimeSpan }; // The caller's token bounds it.
    }

    /// <summary>Sends, and judges the answer.</summary>
    /// <param name="message">What the request carries: its key makes repeats known, and its secrets are told to nobody.</param>
    public async Task<SendResult> Send(HttpRequestMessage request, OutgoingMessage message, CancellationToken cancel)
    {
        var told = new ToldText(message.Access.Secrets, request.RequestUri);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", message.Key.ToString("D"));
        request.Headers.TryAddWithoutValidation("User-Agent", "EsoCore");
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            return Judge(response, told.Of(await Read(response, cancel)));
        }
        catch (HttpRequestException error) when (error.InnerException is TargetRefusedException refused)
        {
            return SendResult.Permanent(refused.Message, channelRefused: true);
        }
        catch (TargetRefusedException refused)
        {
            return SendResult.Permanent(refused.Message, channelRefused: true);
        }
        catch (HttpRequestException error) when (error.InnerException is AuthenticationException untrusted)
        {
            return SendResult.Permanent(told.Of($"TLS: {untrusted.Message}"), channelRefused: true); // It stays so until somebody mends it.
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            var why = error.InnerException is null ? error.Message : $"{error.Message} {error.InnerException.Message}";
            return SendResult.Retryable(told.Of(why));
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>
    /// What an answer means: these statuses say that the channel is wrong, those that it may work later, others that the message is.
    /// </summary>
    private SendResult Judge(HttpResponseMessage response, string told)
    {
        var status = (int)response.StatusCode;
        var detail = string.Create(CultureInfo.InvariantCulture, $"{status} {told}").Trim();
        return status switch
        {
            >= 200 and < 300 => SendResult.Delivered(detail),
            >= 300 and < 400 => SendResult.Permanent($"{detail} (redirects are not followed)", channelRefused: true),
            401 or 403 or 404 or 405 or 410 => SendResult.Permanent(detail, channelRefused: true),
            408 or 425 or 429 or >= 500 => SendResult.Retryable(detail, RetryAfter(response)),
            _ => SendResult.Permanent(detail),
        };
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - _time.GetUtcNow(),
        _ => null,
    };

    /// <summary>The beginning of an answer, or what came of it in time: the status has decided already, whatever the rest is.</summary>
    private async Task<string> Read(HttpResponseMessage response, CancellationToken cancel)
    {
        var (buffer, read) = (new byte[MaxAnswer], 0);
        using var patience = new CancellationTokenSource(AnswerPatience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(either.Token);
            for (var more = 1; more > 0 && read < buffer.Length; read += more)
                more = await body.ReadAsync(buffer.AsMemory(read), either.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or HttpRequestException)
        {
        }

        return Encoding.UTF8.GetString(buffer, 0, read);
    }
}
