using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EsoCore.Benchmarks.Chaos;
using EsoCore.Benchmarks.Server;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Kill;

/// <summary>kill -9 of the process that has sent a message and not yet heard that it arrived.</summary>
public class NotificationKillTests
{
    /// <summary>The reminder that wakes a notifier comes each minute.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Message_WhoseSenderIsKilledBeforeItIsAnswered_ComesAgainUnderTheSameKeyAndIsRecordedOnce()
    {
        await using var gateway = await HttpReceiver.StartAsync();
        await using var cluster = await ClusterProcesses.Start(silos: 2, doors: 1, environment: new Dictionary<string, string>
        {
            ["ESOCORE__NOTIFICATIONS__ALLOWEDNETWORKS__0"] = "127.0.0.0/8",
            ["ESOCORE__NOTIFICATIONS__SENDTIMEOUT"] = "00:05:00", // Only a death is to end the wait for an answer.
        });
        var project = await SeededProject.Create(cluster.DoorUrls[0], devices: 1);
        await AddPerson(project, gateway.Url);
        var from = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var broken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Answer = async (_, http) =>
        {
            from.TrySetResult(http.Connection.RemotePort);
            gateway.Answer = (_, _) => Task.CompletedTask;
            using var registration = http.RequestAborted.Register(() => broken.TrySetResult());
            await broken.Task;
        };

        await Upload(project, cluster.DoorUrls[0]);
        var port = await from.Task.WaitAsync(Patience);

        // The system's lists change while they are read. A silo that the other has taken for dead meanwhile has ended by itself.
        ServerProcess? sender = null;
        await Eventually.Holds(
            () =>
            {
                sender = cluster.Silos.Select(silo => silo.Process).FirstOrDefault(process => HasConnectionFrom(process.Id, port));
                return Task.FromResult(sender is not null || broken.Task.IsCompleted);
            },
            () => "Nobody has sent the message.");
        sender?.Kill();
        Assert.Contains(cluster.Silos, silo => !silo.Process.IsRunning);
        await broken.Task.WaitAsync(Patience);

        var messages = await gateway.Until(2, patience: Patience);
        Assert.Single(messages.Select(message => message.Header("Idempotency-Key")).Distinct());
        Assert.Single(messages.Select(message => message.Text).Distinct());
        JsonElement delivery = default;
        await Eventually.Holds(
            async () => (delivery = Assert.Single(await project.ReadAll("/api/deliveries", "deliveries")))
                .GetProperty("status").GetString() == "delivered",
            () => $"The message is not recorded as delivered: {delivery}\n{string.Join('\n', cluster.Silos.Select(s => s.Process.Log))}");
        Assert.Equal(messages[0].Header("Idempotency-Key"), delivery.GetProperty("id").GetString());
        Assert.Single(await project.ReadAll("/api/incidents", "incidents"));
        Assert.Equal(2, gateway.Requests.Length);
    }

    /// <summary>Whether a process has a connection whose end on its side is a port.</summary>
    private static bool HasConnectionFrom(int processId, int port)
    {
        const int local = 1;
        const int inode = 9;
        var sockets = File.ReadLines("/proc/net/tcp").Concat(File.ReadLines("/proc/net/tcp6"))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields[local].EndsWith($":{port:X4}", StringComparison.Ordinal))
            .Select(fields => $"socket:[{fields[inode]}]")
            .ToHashSet();
        try
        {
            var files = new DirectoryInfo($"/proc/{processId}/fd");
            return files.EnumerateFileSystemInfos().Any(file => sockets.Contains(file.LinkTarget ?? ""));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended.
        }
    }

    /// <summary>Somebody whom the rule over tampering, which every project begins with, tells by text message.</summary>
    private static async Task AddPerson(SeededProject project, string gateway)
    {
        await project.Send(HttpMethod.Post, "/api/channels", JsonSerializer.Serialize(new
        {
            id = "gateway",
            name = "Text messages",
            kind = "sms",
            url = gateway + "/sms",
            settings = new { body = """{"to":"{{to}}","text":"{{text}}"}""" },
        }));
        await project.Send(HttpMethod.Post, "/api/people", """{"id":"max","name":"Max","phone":"+491701234567"}""");
        await project.Send(HttpMethod.Patch, "/api/teams/security", """{"members":["person:max"]}""");
    }

    private static async Task Upload(SeededProject project, Uri door)
    {
        var now = TimeProvider.System.GetUtcNow();
        var body = Encoding.UTF8.GetBytes(
            $$"""[{"ts":"{{now:yyyy-MM-ddTHH:mm:ss.fffZ}}","series":"tamper_detected","val":null,"unit":null}]""");
        using var http = new HttpClient();
        using var request = project.Batch(
            door, project.DeviceIds.Single(), Guid.NewGuid(), body, Convert.ToHexStringLower(SHA256.HashData(body)));
        using var answer = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
