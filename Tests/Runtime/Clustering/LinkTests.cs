using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using EsoCore.Runtime.Clustering;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

/// <summary>Two ends of the transport over TCP, without silos.</summary>
public sealed class LinkTests : IDisposable
{
    private static readonly TimeSpan s_patience = Probe.Patience;
    private readonly string _folder = Directory.CreateTempSubdirectory("esocore-links-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Frames_of_any_size_arrive_whole_and_in_order()
    {
        await using Ends ends = await Ends.OpenAsync();
        int[] sizes = [1, 100, 32 * 1024, 1, 60_000, 65_531, 65_532, 65_533, 70_000, 5 * 1024 * 1024, 2];
        foreach (int size in sizes) Assert.True(ends.Link.TrySend(Frame(size), alone: size % 2 == 0));
        byte[][] received = await ends.There.TakeAsync(sizes.Length);
        Assert.Equal(sizes.Order(), received.Select(frame => frame.Length).Order());
        Assert.All(received, frame => Assert.True(frame.AsSpan().SequenceEqual(Frame(frame.Length))));
        int[] small = [.. received.Select(frame => frame.Length).Where(size => size <= TcpLink.LargeFrameBytes)];
        Assert.Equal(sizes.Where(size => size <= TcpLink.LargeFrameBytes), small);
    }

    [Fact]
    public async Task A_small_frame_does_not_wait_behind_large_ones()
    {
        await using Ends ends = await Ends.OpenAsync();
        using var hold = new ManualResetEventSlim();
        ends.There.OnLarge = () => hold.Wait(s_patience);
        for (int i = 0; i < 4; i++) Assert.True(ends.Link.TrySend(Frame(8 * 1024 * 1024), alone: false));
        Assert.True(ends.Link.TrySend(Frame(10), alone: true));
        Assert.Equal(10, (await ends.There.TakeAsync(1))[0].Length);
        hold.Set();
        Assert.Equal(4, (await ends.There.TakeAsync(4)).Length);
    }

    [Fact]
    public async Task Bytes_that_wait_are_bounded()
    {
        await using Ends ends = await Ends.OpenAsync(options => options.MaxQueuedBytes = 1024 * 1024);
        using var hold = new ManualResetEventSlim();
        ends.There.OnLarge = () => hold.Wait(s_patience);
        int taken = 0;
        while (ends.Link.TrySend(Frame(500_000), alone: false) && taken < 1_000) taken++;
        Assert.InRange(taken, 1, 200);
        Assert.True(ends.Link.TrySend(Frame(10), alone: false));
        hold.Set();
        Assert.Equal(taken + 1, (await ends.There.TakeAsync(taken + 1)).Length);
    }

    [Fact]
    public async Task Closing_is_told_to_both_ends()
    {
        await using Ends ends = await Ends.OpenAsync();
        ends.Link.Close(new LinkException("enough"));
        await ends.Here.Closed.WaitAsync(s_patience);
        await ends.There.Closed.WaitAsync(s_patience);
    }

    [Fact]
    public async Task What_was_queued_is_sent_before_a_link_closes()
    {
        await using Ends ends = await Ends.OpenAsync();
        for (int i = 0; i < 100; i++) ends.Link.TrySend(Frame(50_000), alone: false);
        ends.Link.CloseWhenSent();
        Assert.Equal(100, (await ends.There.TakeAsync(100)).Length);
        await ends.There.Closed.WaitAsync(s_patience);
    }

    [Theory]
    [InlineData("secret")]
    [InlineData("cluster")]
    [InlineData("generation")]
    public async Task Strangers_are_refused(string difference)
    {
        await using TcpSiloTransport server = Transport(_ => { });
        SiloAddress self = await ListenAsync(server);
        await using TcpSiloTransport stranger = Transport(options =>
        {
            if (difference == "secret") options.Secret = RandomNumberGenerator.GetBytes(32);
            if (difference == "cluster") options.ClusterId = "other";
        });
        stranger.Start(null, _ => new Handler());
        SiloAddress target = difference == "generation" ? self with { Generation = self.Generation + 1 } : self;
        var refused = await Assert.ThrowsAsync<LinkException>(() => stranger.ConnectAsync(target, new Handler(), CancellationToken.None));
        Assert.True(refused.IsRefused);
    }

    [Theory]
    [InlineData("new old", "old new", true)]
    [InlineData("old new", "new old", true)]
    [InlineData("new old", "old", true)]
    [InlineData("old", "new old", true)]
    [InlineData("new", "new old", true)]
    [InlineData("new old", "lost", false)]
    [InlineData("lost", "new old", false)]
    [InlineData("new", "old", false)]
    [InlineData("new lost", "old gone", false)]
    public async Task While_a_secret_is_replaced_those_who_have_one_in_common_know_each_other(string ours, string theirs, bool known)
    {
        await using TcpSiloTransport server = Transport(options => Know(options, ours));
        SiloAddress self = await ListenAsync(server);
        await using TcpSiloTransport client = Transport(options => Know(options, theirs));
        client.Start(null, _ => new Handler());
        Task<ISiloLink> link = client.ConnectAsync(self, new Handler(), CancellationToken.None);
        if (known) await link;
        else Assert.True((await Assert.ThrowsAsync<LinkException>(() => link)).IsRefused);

        static void Know(ClusterOptions options, string secrets)
        {
            byte[][] known = [.. secrets.Split(' ').Select(word => SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(word)))];
            (options.Secret, options.OtherSecret) = (known[0], known.Length > 1 ? known[1] : default(ReadOnlyMemory<byte>));
        }
    }

    [Fact]
    public async Task One_address_cannot_hold_all_handshakes()
    {
        await using TcpSiloTransport server = Transport(_ => { });
        SiloAddress self = await ListenAsync(server);
        var idle = new List<Socket>();
        for (int i = 0; i <= TcpSiloTransport.MaxHandshakesOfOne; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, self.Port);
            idle.Add(socket);
        }

        // They are welcomed one beside the other, so any of them may be the one too many.
        using var limit = new CancellationTokenSource(s_patience);
        Task<int>[] closed = [.. idle.Select(socket => socket.ReceiveAsync(new byte[1], limit.Token).AsTask())];
        Assert.Equal(0, await await Task.WhenAny(closed));
        foreach (Socket socket in idle) socket.Dispose();

        // And there is room again when they are gone.
        await using TcpSiloTransport client = Transport(_ => { });
        client.Start(null, _ => new Handler());
        ISiloLink? link = null;
        while (link is null)
        {
            limit.Token.ThrowIfCancellationRequested();
            try
            {
                link = await client.ConnectAsync(self, new Handler(), CancellationToken.None);
            }
            catch (LinkException)
            {
                await Task.Yield();
            }
        }
    }

    [Fact]
    public async Task A_server_that_does_not_know_the_secret_is_left()
    {
        await using TcpSiloTransport impostor = Transport(options => options.Secret = RandomNumberGenerator.GetBytes(32));
        SiloAddress self = await ListenAsync(impostor);
        await using TcpSiloTransport client = Transport(_ => { });
        client.Start(null, _ => new Handler());
        var refused = await Assert.ThrowsAsync<LinkException>(() => client.ConnectAsync(self, new Handler(), CancellationToken.None));
        Assert.Contains("secret", refused.Message);
    }

    [Fact]
    public async Task Noise_is_cut_off()
    {
        await using TcpSiloTransport server = Transport(options => options.HandshakeTimeout = TimeSpan.FromMilliseconds(300));
        SiloAddress self = await ListenAsync(server);
        foreach (byte[] noise in new byte[][] { [], [0xFF, 0xFF, 1, 2], [3, 0, 1, 2, 3], [0, 0], "GET / HTTP/1.1\r\n\r\n"u8.ToArray() })
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, self.Port);
            using var limit = new CancellationTokenSource(s_patience);
            int received = 0;
            try
            {
                await socket.SendAsync(noise);
                received = await socket.ReceiveAsync(new byte[100], limit.Token);
            }
            catch (SocketException)
            {
                // Cut off with bytes unread, which is a reset.
            }

            Assert.Equal(0, received);
        }
    }

    [Fact]
    public async Task With_tls_both_sides_must_show_a_certificate_of_the_authority()
    {
        using var authority = new TestAuthority(_folder, "ours");
        using var otherAuthority = new TestAuthority(_folder, "theirs");
        Action<ClusterOptions> ours = Member("member", authority, authority);
        await using Ends ends = await Ends.OpenAsync(ours);
        Assert.True(ends.Link.TrySend(Frame(100_000), alone: true));
        Assert.Equal(100_000, (await ends.There.TakeAsync(1))[0].Length);

        Action<ClusterOptions> stranger = Member("stranger", otherAuthority, authority);
        Action<ClusterOptions> naive = Member("naive", otherAuthority, otherAuthority);
        foreach (Action<ClusterOptions> other in new[] { stranger, naive, _ => { } })
        {
            await using TcpSiloTransport transport = Transport(other);
            transport.Start(null, _ => new Handler());
            await Assert.ThrowsAsync<LinkException>(() => transport.ConnectAsync(ends.Address, new Handler(), CancellationToken.None));
        }
    }

    [Fact]
    public void A_connection_whose_bytes_nobody_confirms_does_not_outlive_an_idle_one()
    {
        if (!OperatingSystem.IsLinux()) return;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        TcpSiloTransport.Tune(socket, new ClusterOptions().MaxUnconfirmed);
        byte[] found = new byte[sizeof(int)];
        socket.GetRawSocketOption(TcpSiloTransport.TcpLevel, TcpSiloTransport.TcpUserTimeout, found);
        Assert.Equal(TcpSiloTransport.MaxUnconfirmedMs, BitConverter.ToInt32(found));
    }

    private static byte[] Frame(int size)
    {
        byte[] frame = new byte[size];
        for (int i = 0; i < size; i++) frame[i] = (byte)(i * 31 + size);
        return frame;
    }

    private static TcpSiloTransport Transport(Action<ClusterOptions> configure)
    {
        var options = new ClusterOptions
        {
            Secret = "a secret of the link tests"u8.ToArray(),
            ConnectTimeout = s_patience,
            HandshakeTimeout = s_patience,
            MaxUnconfirmed = s_patience,
        };
        configure(options);
        return new TcpSiloTransport(options, TimeProvider.System, NullLogger.Instance);
    }

    private static async Task<SiloAddress> ListenAsync(TcpSiloTransport transport, Handler? handler = null)
    {
        var self = new SiloAddress("127.0.0.1", await transport.BindAsync(CancellationToken.None), SiloAddress.NewGeneration());
        transport.Start(self, _ => handler ?? new Handler());
        return self;
    }

    private static Action<ClusterOptions> Member(string name, TestAuthority issuer, TestAuthority trusted)
    {
        (string certificate, string key) = issuer.Issue(name);
        return options => (options.CertificateFile, options.CertificateKeyFile, options.AuthorityFile) = (certificate, key, trusted.File);
    }

    private sealed class Ends(
        TcpSiloTransport server, TcpSiloTransport client, SiloAddress address, ISiloLink link, Handler here, Handler there)
        : IAsyncDisposable
    {
        public SiloAddress Address => address;

        public ISiloLink Link => link;

        public Handler Here => here;

        public Handler There => there;

        public static async Task<Ends> OpenAsync(Action<ClusterOptions>? configure = null)
        {
            TcpSiloTransport server = Transport(configure ?? (_ => { })), client = Transport(configure ?? (_ => { }));
            Handler here = new(), there = new();
            SiloAddress address = await ListenAsync(server, there);
            client.Start(null, _ => new Handler());
            ISiloLink link = await client.ConnectAsync(address, here, CancellationToken.None);
            return new Ends(server, client, address, link, here, there);
        }

        public async ValueTask DisposeAsync()
        {
            await client.DisposeAsync();
            await server.DisposeAsync();
        }
    }

    private sealed class Handler : ILinkHandler
    {
        private readonly System.Threading.Channels.Channel<byte[]> _frames = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
        private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Action? OnLarge { get; set; }

        public Task Closed => _closed.Task;

        public void OnFrame(ReadOnlyMemory<byte> frame, bool owned)
        {
            if (frame.Length > TcpLink.LargeFrameBytes) OnLarge?.Invoke();
            _frames.Writer.TryWrite(frame.ToArray());
        }

        public void OnClosed(Exception? why) => _closed.TrySetResult();

        public async Task<byte[][]> TakeAsync(int count)
        {
            using var limit = new CancellationTokenSource(s_patience);
            var taken = new byte[count][];
            for (int i = 0; i < count; i++) taken[i] = await _frames.Reader.ReadAsync(limit.Token);
            return taken;
        }
    }
}
