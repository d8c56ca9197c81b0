using System.Net;
using System.Net.Sockets;
using EsoCore.Grains.Notifications;
using EsoCore.Silo.Channels.Net;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>Targets that projects set lead out of the installation, not into it.</summary>
public sealed class AddressGuardTests
{
    [Theory]
    [InlineData("93.184.216.34", true)]
    [InlineData("2606:2800:220:1:248:1893:25c8:1946", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.255.255.254", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.168.1.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::ffff:93.184.216.34", true)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("64:ff9b:1::1", false)]
    [InlineData("2002:7f00:1::1", false)]
    [InlineData("2001::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fec0::1", false)]
    [InlineData("ff02::1", false)]
    public void Refusal_ByDefault_TakesPublicAddressesOnly(string address, bool isTaken) =>
        Assert.Equal(isTaken, Guard().Refusal(IPAddress.Parse(address), isPlain: false) is null);

    [Theory]
    [InlineData("10.1.2.3", false, true)]
    [InlineData("10.1.2.3", true, true)]
    [InlineData("::ffff:10.1.2.3", true, true)]
    [InlineData("10.2.0.1", false, false)]
    [InlineData("fd00::5", true, true)]
    [InlineData("93.184.216.34", false, true)]
    [InlineData("93.184.216.34", true, false)]
    public void Refusal_WithAllowedNetworks_TakesThemAlsoWithoutTls(string address, bool isPlain, bool isTaken) =>
        Assert.Equal(isTaken, Guard("10.1.0.0/16", "fd00::/8").Refusal(IPAddress.Parse(address), isPlain) is null);

    [Fact]
    public async Task Connect_NameThatChangesItsAddress_IsCheckedEachTime()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var resolver = new TurningResolver([IPAddress.Parse("93.184.216.34")], [IPAddress.Loopback],
            [IPAddress.IPv6Loopback, IPAddress.Loopback]);
        var connector = new GuardedConnector(Guard(), resolver, TimeProvider.System, NullLogger<GuardedConnector>.Instance);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        // The first time the name is public; the connection itself is not waited for.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            connector.Connect("turn.example.com", port, false, false, cancelled.Token));
        var refused = await Assert.ThrowsAsync<TargetRefusedException>(
            () => connector.Connect("turn.example.com", port, false, false, default));
        Assert.DoesNotContain("127.", refused.Message);
        await Assert.ThrowsAsync<TargetRefusedException>(() => connector.Connect("turn.example.com", port, false, false, default));
        await Assert.ThrowsAsync<TargetRefusedException>(() => connector.Connect("127.0.0.1", port, false, false, default));
        Assert.False(listener.Pending());
        var allowing = new GuardedConnector(Guard("127.0.0.0/8"), resolver, TimeProvider.System, NullLogger<GuardedConnector>.Instance);
        await using var allowed = await allowing.Connect("turn.example.com", port, true, false, default);
        await using var trusted = await connector.Connect("127.0.0.1", port, true, isTrusted: true, default);
    }

    [Fact]
    public async Task Connect_FirstAddressSwallowsEverything_TheNextIsTaken()
    {
        if (!OperatingSystem.IsLinux())
            return; // Only there a full queue of connections leaves the next one without an answer.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var hole = IPAddress.Parse("127.0.0.2");
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(hole, port));
        full.Listen(0);
        using var only = new TcpClient();
        await only.ConnectAsync(hole, port);

        var time = new FakeTimeProvider();
        var resolver = new TurningResolver([hole, IPAddress.Loopback]);
        var connecting = new GuardedConnector(Guard("127.0.0.0/8"), resolver, time, NullLogger<GuardedConnector>.Instance)
            .Connect("two.example.com", port, true, false, default);
        for (var seconds = 0; seconds < 4; seconds++)
            time.Advance(TimeSpan.FromSeconds(1)); // Once it waits nothing but the clock ends that.
        await using var connected = await connecting.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(listener.Pending());
    }

    private static AddressGuard Guard(params string[] allowed) =>
        new(Options.Create(new NotificationOptions { AllowedNetworks = allowed }));

    /// <summary>A name whose address is another each time it is asked for; the last one stays.</summary>
    private sealed class TurningResolver(params IPAddress[][] answers) : IHostResolver
    {
        private int _asked;

        public Task<IPAddress[]> Resolve(string host, CancellationToken cancel) =>
            Task.FromResult(answers[Math.Min(_asked++, answers.Length - 1)]);
    }
}
