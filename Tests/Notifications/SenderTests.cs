using System.Collections.Immutable;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text;
using EsoCore.Benchmarks.Server;
using EsoCore.Grains.Notifications;
using EsoCore.Notifications;
using EsoCore.Silo.Channels.Email;
using EsoCore.Silo.Channels.Net;
using EsoCore.Silo.Channels.Slack;
using EsoCore.Silo.Channels.Sms;
using EsoCore.Silo.Channels.Teams;
using EsoCore.Silo.Channels.Ticket;
using EsoCore.Silo.Channels.Webhook;
using EsoCore.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>Each channel against a real server.</summary>
public sealed class SenderTests : IAsyncLifetime
{
    private readonly SmtpReceiver _smtp = SmtpReceiver.Start();
    private readonly FakeTimeProvider _time = new();
    private HttpReceiver _http = null!;

    public async Task InitializeAsync() => _http = await HttpReceiver.StartAsync();

    public async Task DisposeAsync()
    {
        await _smtp.DisposeAsync();
        await _http.DisposeAsync();
    }

    [Theory]
    [InlineData("PLAIN LOGIN")]
    [InlineData("LOGIN")]
    public async Task Email_StartTlsAndLogin_ArrivesAsWritten(string mechanisms)
    {
        (_smtp.Login, _smtp.Mechanisms) = (("robot", "pässword"), mechanisms);
        var message = Mail("max@example.com", "Türe öffnet nicht – " + new string('ü', 100), "Line 1\n.\n..dots\n€");
        var result = await Email().Send(message, default);
        Assert.Equal((SendOutcome.Delivered, "250 2.0.0 queued"), (result.Outcome, result.Detail));
        var mail = Assert.Single(await _smtp.Until(1));
        Assert.Equal(("esocore@example.com", "max@example.com", true, "robot"),
            (mail.From, mail.To.Single(), mail.WasEncrypted, mail.User));
        Assert.Equal((message.Subject, message.Text), (mail.Subject, mail.Text));
        Assert.Equal($"<{message.Key:D}@example.com>", mail.Header("Message-Id"));
        Assert.Equal("Wed, 15 Jan 2025 12:00:00 +0000", mail.Header("Date"));
        Assert.All(mail.Raw.Split("\r\n"), line => Assert.True(line.Length <= 78, line));
    }

    [Fact]
    public async Task Receiver_TakesAlsoMailOfTheFrameworksOwnClient()
    {
        // So that client and server here do not merely share one misunderstanding.
        _smtp.Login = ("robot", "secret");
        _smtp.OffersTls = false;
        using var client = new SmtpClient("127.0.0.1", _smtp.Port) { Credentials = new NetworkCredential("robot", "secret") };
        await client.SendMailAsync(new MailMessage("a@example.com", "b@example.com", "Hällo", "Text\r\n.\r\n"));
        Assert.Equal(("a@example.com", "robot"), Assert.Single(await _smtp.Until(1)) is var mail ? (mail.From, mail.User) : default);
    }

    [Fact]
    public async Task Email_Headers_CannotBeInjected()
    {
        var message = Mail("max@example.com", "x\r\nBcc: evil@example.com", "t");
        Assert.Equal(SendOutcome.Delivered, (await Email().Send(message, default)).Outcome);
        Assert.Null(Assert.Single(await _smtp.Until(1)).Header("Bcc"));
        foreach (var to in new[] { "a@b>\r\nDATA", "a@b.c\r\nRCPT TO:<d@e.f", "a b@c.d", "a@b.c>", "ä@b.c" })
            Assert.Equal(SendOutcome.Permanent, (await Email().Send(message with { To = to }, default)).Outcome);
        Assert.Single(_smtp.Mails);
    }

    [Fact]
    public async Task Email_Refusals_AreToldApart()
    {
        _smtp.Login = ("robot", "other");
        var result = await Email().Send(Mail("max@example.com", "s", "t"), default);
        Assert.Equal((SendOutcome.Permanent, true), (result.Outcome, result.ChannelRefused));
        Assert.StartsWith("login: 535", result.Detail);

        _smtp.Login = null;
        _smtp.Answer = line => line.StartsWith("RCPT", StringComparison.Ordinal) ? "550 no such user" : null;
        result = await Email().Send(Mail("max@example.com", "s", "t", user: null), default);
        Assert.Equal((SendOutcome.Permanent, false), (result.Outcome, result.ChannelRefused));
        _smtp.Answer = line => line == "." ? "451 try later" : null;
        Assert.Equal(SendOutcome.Retryable, (await Email().Send(Mail("max@example.com", "s", "t", user: null), default)).Outcome);
        _smtp.Answer = _ => null;
        _smtp.OffersTls = false;
        result = await Email().Send(Mail("max@example.com", "s", "t", user: null), default);
        Assert.Equal((SendOutcome.Permanent, true), (result.Outcome, result.ChannelRefused));
        Assert.Empty(_smtp.Mails);
    }

    [Fact]
    public async Task Email_CertificateOfAStranger_IsRefused()
    {
        var result = await new EmailSender(Connector("127.0.0.0/8"), new TrustedRoots(Options.Create(new NotificationOptions())))
            .Send(Mail("max@example.com", "s", "t", user: null), default);
        Assert.Equal((SendOutcome.Permanent, true), (result.Outcome, result.ChannelRefused));
        Assert.Contains("certificate", result.Detail);
        Assert.Empty(_smtp.Mails);
    }

    [Fact]
    public async Task Email_HostOfAProjectInsideTheNetwork_IsRefused()
    {
        var sender = new EmailSender(Connector(), Roots());
        var result = await sender.Send(Mail("max@example.com", "s", "t", user: null), default);
        Assert.Equal((SendOutcome.Permanent, true), (result.Outcome, result.ChannelRefused));
        var trusted = Mail("max@example.com", "s", "t", user: null);
        trusted = trusted with { Access = trusted.Access with { Trusted = true } };
        Assert.Equal(SendOutcome.Delivered, (await sender.Send(trusted, default)).Outcome);
    }

    [Fact]
    public async Task Webhook_IsSignedAndCarriesItsKey()
    {
        var message = Http("/hook", secret: "0123456789abcdef") with { Payload = """{"type":"notification","text":"ü"}""" };
        Assert.Equal(SendOutcome.Delivered, (await new WebhookSender(Targets(), _time).Send(message, default)).Outcome);
        var request = Assert.Single(_http.Requests);
        Assert.Equal(("POST", "/hook", message.Payload, "application/json"),
            (request.Method, request.Path, request.Text, request.Header("Content-Type")));
        Assert.Equal(message.Key.ToString("D"), request.Header("Idempotency-Key"));
        var timestamp = request.Header("X-EsoCore-Timestamp")!;
        Assert.Equal(_time.GetUtcNow().ToUnixTimeSeconds().ToString(), timestamp);
        var mac = System.Security.Cryptography.HMACSHA256.HashData("0123456789abcdef"u8,
            Encoding.UTF8.GetBytes($"{timestamp}.{request.Text}"));
        Assert.Equal($"v1={Convert.ToHexStringLower(mac)}", request.Header("X-EsoCore-Signature"));
    }

    [Theory]
    [InlineData(204, SendOutcome.Delivered, false)]
    [InlineData(400, SendOutcome.Permanent, false)]
    [InlineData(401, SendOutcome.Permanent, true)]
    [InlineData(403, SendOutcome.Permanent, true)]
    [InlineData(404, SendOutcome.Permanent, true)]
    [InlineData(405, SendOutcome.Permanent, true)]
    [InlineData(410, SendOutcome.Permanent, true)]
    [InlineData(429, SendOutcome.Retryable, false)]
    [InlineData(503, SendOutcome.Retryable, false)]
    public async Task Http_Statuses_MeanWhatTheyMean(int status, SendOutcome outcome, bool isChannelRefused)
    {
        _http.Answer = (_, http) =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.RetryAfter = "7";
            return Task.CompletedTask;
        };
        var result = await new WebhookSender(Targets(), _time).Send(Http("/hook"), default);
        Assert.Equal((outcome, isChannelRefused), (result.Outcome, result.ChannelRefused));
        Assert.Equal(outcome == SendOutcome.Retryable ? TimeSpan.FromSeconds(7) : null, result.RetryAfter);
    }

    [Fact]
    public async Task Http_Redirect_IsNotFollowed()
    {
        _http.Answer = (request, http) =>
        {
            http.Response.Redirect("/elsewhere", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };
        var result = await new WebhookSender(Targets(), _time).Send(Http("/hook"), default);
        Assert.Equal((SendOutcome.Permanent, true), (result.Outcome, result.ChannelRefused)); // The next message would fare no better.
        Assert.Single(_http.Requests);
    }

    [Fact]
    public async Task Http_AnswerWithoutEnd_IsReadNoFurtherThanNeeded()
    {
        _http.Answer = async (_, http) =>
        {
            var block = new byte[65_536];
            while (!http.RequestAborted.IsCancellationRequested)
                await http.Response.Body.WriteAsync(block, http.RequestAborted);
        };
        Assert.Equal(SendOutcome.Delivered, (await new WebhookSender(Targets(), _time).Send(Http("/hook"), default)).Outcome);
    }

    [Fact]
    public async Task Http_AnswerThatNeverEnds_CountsByItsStatus()
    {
        _http.Answer = async (_, http) =>
        {
            await http.Response.WriteAsync("taken");
            await http.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        };
        var sending = new WebhookSender(Targets(), _time).Send(Http("/hook"), default);
        await _http.Until(1);
        await Turns.Until(() => sending.IsCompleted, _time, TimeSpan.FromMilliseconds(1), turns: 1);
        Assert.Equal(SendOutcome.Delivered, (await sending).Outcome); // Sent again, it would be there twice.
    }

    [Fact]
    public async Task Http_TargetInsideTheNetwork_IsRefusedAtTheConnection()
    {
        var targets = new HttpTargets(Connector(), Roots(), _time);
        var result = await new WebhookSender(targets, _time).Send(Http("/hook"), default);
        Assert.Equal((SendOutcome.Permanent, true), (result.Outcome, result.ChannelRefused));
        Assert.Contains("127.0.0.1 is refused: it would be spoken to without TLS", result.Detail);
        var secure = Http("/hook", url: _http.Url.Replace("http:", "https:"));
        result = await new WebhookSender(targets, _time).Send(secure, default);
        Assert.Equal((SendOutcome.Permanent, true), (result.Outcome, result.ChannelRefused));
        Assert.Contains("127.0.0.1 is refused: its address is not public", result.Detail);
        Assert.Empty(_http.Requests);
    }

    [Fact]
    public async Task Http_Tls_TakesTheAdministratorsRootAndNoStranger()
    {
        await using var secure = await HttpReceiver.StartAsync(_smtp.Certificate);
        var message = Http("/hook", url: secure.Url);
        Assert.Equal(SendOutcome.Delivered, (await new WebhookSender(Targets(), _time).Send(message, default)).Outcome);
        using var strict = new HttpTargets(Connector("127.0.0.0/8"), new TrustedRoots(Options.Create(new NotificationOptions())), _time);
        var result = await new WebhookSender(strict, _time).Send(message, default);
        Assert.Equal((SendOutcome.Permanent, true), (result.Outcome, result.ChannelRefused));
        Assert.Contains("certificate", result.Detail);
        Assert.Single(secure.Requests);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(200)]
    [InlineData(503)]
    public async Task Http_TargetThatRepeatsWhatItWasSent_LeaksNoSecret(int status)
    {
        _http.Answer = async (request, http) =>
        {
            http.Response.StatusCode = status;
            var decoded = Uri.UnescapeDataString(request.Query);
            await http.Response.WriteAsync($"Cannot POST {request.Path}{request.Query} ({decoded}) as {request.Header("X-Auth")}: gone");
        };
        var message = Http("/hook/T0KEN-IN-PATH/?key=s%C3%A4cret%2Fkey", new ChannelSettings([], Body: "{}"));
        var result = await new TicketSender(Targets()).Send(message, default);
        Assert.StartsWith($"{status} Cannot POST [hidden]", result.Detail);
        Assert.EndsWith("as [hidden]: gone", result.Detail);
        foreach (var secret in new[] { "T0KEN", "cret", "t0ken" })
            Assert.DoesNotContain(secret, result.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Http_SecretAtTheEndOfWhatIsTold_IsTakenOutAsAWhole()
    {
        var message = Http("/hook/" + new string('k', 300));
        _http.Answer = (request, http) => http.Response.WriteAsync(new string('x', 180) + request.Path);
        Assert.DoesNotContain("kkk", (await new WebhookSender(Targets(), _time).Send(message, default)).Detail);
    }

    [Fact]
    public async Task Email_ServerThatRepeatsTheLogin_LeaksNoPassword()
    {
        _smtp.Login = ("robot", "other");
        _smtp.Answer = line => line.StartsWith("AUTH", StringComparison.Ordinal) ? $"535 what is {line}" : null;
        var result = await Email().Send(Mail("max@example.com", "s", "t"), default);
        Assert.Equal("login: 535 what is AUTH PLAIN [hidden]", result.Detail);
    }

    [Fact]
    public async Task Http_NobodyThere_IsRetryable()
    {
        using var port = new HeldPort(); // Nobody listens there.
        var message = Http("/hook", url: $"http://127.0.0.1:{port.Number}");
        Assert.Equal(SendOutcome.Retryable, (await new WebhookSender(Targets(), _time).Send(message, default)).Outcome);
    }

    [Fact]
    public async Task Sms_Placeholders_AreEscapedForWhereTheyStand()
    {
        var settings = new ChannelSettings([], Body: """{"to":"{{to}}","text":"{{ text }}","x":"{{unknown}}"}""");
        var message = Http("/send?key=1&to={{to}}", settings) with { To = "+491701234567",
            Text = "He said \"off\"\n" + new string('x', 500) };
        Assert.Equal(SendOutcome.Delivered, (await new SmsSender(Targets()).Send(message, default)).Outcome);
        var request = Assert.Single(_http.Requests);
        Assert.Equal("?key=1&to=%2B491701234567", request.Query);
        Assert.Equal("+491701234567", request.Json.GetProperty("to").GetString());
        Assert.StartsWith("He said \"off\"\nxxx", request.Json.GetProperty("text").GetString());
        Assert.Equal(SmsSender.MaxText, request.Json.GetProperty("text").GetString()!.Length);
        Assert.Equal("t0ken", request.Header("X-Auth"));
        Assert.Equal(SendOutcome.Permanent, (await new SmsSender(Targets()).Send(message with { To = "" }, default)).Outcome);
    }

    [Fact]
    public async Task Sms_FormAndGet_WorkToo()
    {
        var form = new ChannelSettings([], ContentType: "application/x-www-form-urlencoded", Body: "To={{to}}&Body={{text}}");
        await new SmsSender(Targets()).Send(Http("/form", form) with { To = "+49170123", Text = "a&b=c" }, default);
        Assert.Equal("To=%2B49170123&Body=a%26b%3Dc", _http.Requests[0].Text);
        await new SmsSender(Targets())
            .Send(Http("/get?t={{text}}", new ChannelSettings([], Method: "GET")) with { To = "+49170123", Text = "a&b" }, default);
        Assert.Equal(("GET", "?t=a%26b"), (_http.Requests[1].Method, _http.Requests[1].Query));
    }

    [Fact]
    public async Task Ticket_Body_CarriesTheIncident()
    {
        var settings = new ChannelSettings([],
            Body: """{"title":"{{subject}}","description":"{{text}}","incident":"{{incident_id}}","site":"{{site_id}}"}""");
        var message = Http("/tickets", settings) with
        {
            Fields = ImmutableSortedDictionary<string, string>.Empty.Add("incident_id", "7").Add("site_id", "HALL"),
        };
        Assert.Equal(SendOutcome.Delivered, (await new TicketSender(Targets()).Send(message, default)).Outcome);
        var json = Assert.Single(_http.Requests).Json;
        Assert.Equal(("S", "T", "7", "HALL"), (Get(json, "title"), Get(json, "description"), Get(json, "incident"), Get(json, "site")));
    }

    [Fact]
    public async Task Slack_Text_IsEscapedAndMentions()
    {
        var message = Http("/slack") with { To = "U024BE7LH", Subject = "<!channel>", Text = "a < b & c" };
        Assert.Equal(SendOutcome.Delivered, (await new SlackSender(Targets()).Send(message, default)).Outcome);
        Assert.Equal("<@U024BE7LH> *&lt;!channel&gt;*\na &lt; b &amp; c", Get(Assert.Single(_http.Requests).Json, "text"));
    }

    [Fact]
    public async Task Teams_Card_HoldsSubjectTextAndMention()
    {
        var message = Http("/teams") with { To = "max@example.com", Text = "one\ntwo" };
        Assert.Equal(SendOutcome.Delivered, (await new TeamsSender(Targets()).Send(message, default)).Outcome);
        var attachment = Assert.Single(_http.Requests).Json.GetProperty("attachments")[0];
        Assert.Equal("application/vnd.microsoft.card.adaptive", Get(attachment, "contentType"));
        var card = attachment.GetProperty("content");
        Assert.Equal(["S", "one\n\ntwo", "<at>max@example.com</at>"],
            card.GetProperty("body").EnumerateArray().Select(b => Get(b, "text")));
        Assert.Equal("max@example.com",
            card.GetProperty("msteams").GetProperty("entities")[0].GetProperty("mentioned").GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("ü")]
    [InlineData("日")]
    [InlineData("😀")]
    [InlineData("\n")]
    [InlineData("[")]
    [InlineData("\"")]
    public async Task Teams_LongText_StaysWithinWhatACardHolds(string letter)
    {
        var message = Http("/teams") with
        {
            To = "max@example.com", Subject = string.Concat(Enumerable.Repeat(letter, 256 / letter.Length)),
            Text = string.Concat(Enumerable.Repeat(letter, 6_000)),
        };
        Assert.Equal(SendOutcome.Delivered, (await new TeamsSender(Targets()).Send(message, default)).Outcome);
        Assert.InRange(Assert.Single(_http.Requests).Body.Length, 3_000, 28 * 1_024);
    }

    [Fact]
    public async Task Teams_TextOfADevice_IsNoMarkdown()
    {
        var message = Http("/teams") with { Subject = "*S*", Text = "[pay](https://evil.example.com) a_b `c` <at>all</at> \\" };
        Assert.Equal(SendOutcome.Delivered, (await new TeamsSender(Targets()).Send(message, default)).Outcome);
        var body = Assert.Single(_http.Requests).Json.GetProperty("attachments")[0].GetProperty("content").GetProperty("body");
        Assert.Equal([@"\*S\*", @"\[pay\]\(https://evil.example.com\) a\_b \`c\` \<at\>all\</at\> \\"],
            body.EnumerateArray().Select(b => Get(b, "text")));
    }

    private static string Get(System.Text.Json.JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private GuardedConnector Connector(params string[] allowed) =>
        new(new AddressGuard(Options.Create(new NotificationOptions { AllowedNetworks = allowed })), new SystemResolver(),
            _time, NullLogger<GuardedConnector>.Instance);

    private TrustedRoots Roots() => new(Options.Create(new NotificationOptions { TrustedCertificates = _smtp.RootFile }));

    private HttpTargets Targets() => new(Connector("127.0.0.0/8"), Roots(), _time);

    private EmailSender Email() => new(Connector("127.0.0.0/8"), Roots());

    private OutgoingMessage Mail(string to, string subject, string text, string? user = "robot") => Message(
        new ChannelSettings([], "127.0.0.1", _smtp.Port, "starttls", _smtp.Login is null ? null : user, "esocore@example.com"),
        new ChannelSecrets(Password: "pässword")) with { To = to, Subject = subject, Text = text };

    private OutgoingMessage Http(string path, ChannelSettings? settings = null, string? secret = null, string? url = null) => Message(
        settings ?? new ChannelSettings([]),
        new ChannelSecrets(
            (url ?? _http.Url) + path, null, secret, ImmutableSortedDictionary<string, string>.Empty.Add("X-Auth", "t0ken")));

    private static OutgoingMessage Message(ChannelSettings settings, ChannelSecrets secrets) => new(
        Guid.NewGuid(), new ChannelAccess(settings, secrets, false), "", "S", "T", "critical", "{}", ImmutableSortedDictionary<string,
            string>.Empty,
        Notices.Noon);
}
