using System.IO.Pipelines;
using EsoCore.Runtime.Clustering;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// The mutual TLS of the built-in engine around Orleans' connections: silo to silo, and front door to silo. Orleans' own package for TLS is
/// missing from registries that have its others, and one way to check certificates is easier to trust than two.
/// </summary>
internal static class OrleansTls
{
    /// <summary>How long a process that connects may take to prove itself; after that its connection ends.</summary>
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    public static void UseTls(this ISiloBuilder silo, ClusterTls tls) => silo.Configure<SiloConnectionOptions>(connections =>
    {
        connections.ConfigureSiloInboundConnection(builder => Accept(builder, tls));
        connections.ConfigureGatewayInboundConnection(builder => Accept(builder, tls));
        connections.ConfigureSiloOutboundConnection(builder => Connect(builder, tls));
    });

    public static void UseTls(this IClientBuilder client, ClusterTls tls) =>
        client.Configure<ClientConnectionOptions>(connections => connections.ConfigureConnection(builder => Connect(builder, tls)));

    private static void Accept(IConnectionBuilder builder, ClusterTls tls) => Secure(builder, tls.AsServerAsync);

    // Whom the authority vouches for is one of us, whatever its name.
    private static void Connect(IConnectionBuilder builder, ClusterTls tls) =>
        Secure(builder, (stream, cancel) => tls.AsClientAsync(stream, OrleansCluster.Id, cancel));

    private static void Secure(IConnectionBuilder builder, Func<Stream, CancellationToken, Task<Stream>> handshake)
    {
        var log = builder.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(OrleansTls));
        builder.Use(next => connection => Run(connection, handshake, next, log));
    }

    private static async Task Run(
        ConnectionContext connection, Func<Stream, CancellationToken, Task<Stream>> handshake, ConnectionDelegate next, ILogger log)
    {
        var plain = connection.Transport;
        Stream secured;
        using (var limit = new CancellationTokenSource(HandshakeTimeout, TimeProvider.System))
        {
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.ConnectionClosed);
                secured = await handshake(new PipeStream(plain), either.Token);
            }
            catch (Exception error)
            {
                // Orleans closes what comes back without having been used.
                var reason = limit.IsCancellationRequested ? $"no proof within {HandshakeTimeout.TotalSeconds} s" : error.Message;
                log.LogWarning("A connection with {Remote} came to nothing: {Reason}", connection.RemoteEndPoint, reason);
                return;
            }
        }

        await using (secured)
        {
            var pipes = new SecuredPipes(secured);
            connection.Transport = pipes;
            try
            {
                await next(connection);
            }
            finally
            {
                // Gives the buffers back. Orleans has written what it wanted to, or the connection has failed.
                await pipes.Input.CompleteAsync();
                await pipes.Output.CompleteAsync(new ConnectionAbortedException());
                connection.Transport = plain;
            }
        }
    }

    private sealed class SecuredPipes(Stream stream) : IDuplexPipe
    {
        /// <summary>The most that TLS puts into one record.</summary>
        private const int Record = 16_384;

        public PipeReader Input { get; } = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: Record, leaveOpen: true));

        public PipeWriter Output { get; } =
            PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: Record, leaveOpen: true));
    }

    /// <summary>Both directions of a connection as the one stream that TLS wants.</summary>
    private sealed class PipeStream(IDuplexPipe pipes) : Stream
    {
        private readonly Stream _input = pipes.Input.AsStream(leaveOpen: true), _output = pipes.Output.AsStream(leaveOpen: true);

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            _output.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => _output.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => _input.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => _output.Write(buffer, offset, count);

        public override void Flush() => _output.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
