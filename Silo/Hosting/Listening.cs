using System.Net;
using System.Net.Sockets;
using System.Text;
using EsoCore.Api;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace EsoCore.Silo.Hosting;

/// <summary>Where and how this process listens.</summary>
internal static class Listening
{
    /// <summary>Connections open at once.</summary>
    private const int MaxConnections = 20_000;

    /// <summary>Headers of a request, and bytes of all of them.</summary>
    private const int MaxHeaders = 64;

    private const int MaxHeaderBytes = 16 * 1024;
    private const int MaxRequestLineBytes = 8 * 1024;

    /// <summary>Bodies up to so many times the limit of a batch are read to their end, and thrown away, after they were refused.</summary>
    private const int DrainFactor = 8;

    /// <summary>Bytes a second below which a body is given up; a field device on a poor link sends more.</summary>
    private const double MinBodyBytesPerSecond = 120;

    private static readonly TimeSpan MinBodyGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(130);

    public static void AddListening(this WebApplicationBuilder builder, SiloOptions options)
    {
        if (options.Cert is not null)
        {
            builder.Services.AddSingleton(services => new CertificateFiles(
                options.Cert, options.Key!, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<CertificateFiles>>()));
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Limit(kestrel, kestrel.ApplicationServices.GetRequiredService<IOptions<ApiOptions>>().Value);
            foreach (var text in options.Addresses)
                Listen(kestrel, SiloOptions.ParseAddress(text)!);
        });
        if (options.ProxyNetworks.Count == 0)
            return;
        builder.Services.Configure<ForwardedHeadersOptions>(forwarded =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            forwarded.KnownProxies.Clear(); // Loopback is trusted only when it is named.
            forwarded.KnownIPNetworks.Clear();
            foreach (var network in options.ProxyNetworks)
                forwarded.KnownIPNetworks.Add(network);
            forwarded.ForwardLimit = null; // A chain is followed as long as each link is trusted.
        });
    }

    /// <summary>Why this process cannot listen, in one line; null when the exception says something else.</summary>
    public static string? WhyNot(Exception e) => e switch
    {
        IOException { InnerException: AddressInUseException } taken =>
            $"Another program listens there: {taken.Message.TrimEnd('.')}. End it, or choose another address with --urls.",
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            "This user may not listen there: ports below 1024 are the system's. Choose another with --urls.",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
            "This machine has no such address. Choose another with --urls.",
        _ => null,
    };

    /// <summary>Believes forwarded headers of trusted proxies, and of nobody else.</summary>
    public static void UseTrustedProxies(this WebApplication app, SiloOptions options)
    {
        if (options.ProxyNetworks.Count > 0)
            app.UseForwardedHeaders();
    }

    private static void Limit(KestrelServerOptions kestrel, ApiOptions api)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        kestrel.Limits.MaxRequestHeaderCount = MaxHeaders;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestLineSize = MaxRequestLineBytes;
        kestrel.Limits.RequestHeadersTimeout = HeadersTimeout;
        kestrel.Limits.KeepAliveTimeout = KeepAlive;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(MinBodyBytesPerSecond, MinBodyGrace);
        // The routes hold bodies to limits of their own and answer in words; this one is the wall behind them.
        // It is so far behind because what is refused is still read and thrown away up to it: a client that is cut off while it sends hears no answer.
        kestrel.Limits.MaxRequestBodySize = DrainFactor * (long)api.MaxBatchBytes;
        // Octets that are no UTF-8 then reach the routes, which name the header; Kestrel itself would answer a bare 400.
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
    }

    private static void Listen(KestrelServerOptions kestrel, BindingAddress address)
    {
        void Configure(ListenOptions listen)
        {
            if (address.Scheme == "https")
                UseCertificate(listen, kestrel.ApplicationServices.GetRequiredService<CertificateFiles>());
        }

        if (address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) && address.Port != 0)
            kestrel.ListenLocalhost(address.Port, Configure);
        else if (address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            kestrel.Listen(IPAddress.Loopback, 0, Configure);
        else if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip))
            kestrel.Listen(ip, address.Port, Configure);
        else
            kestrel.ListenAnyIP(address.Port, Configure); // A name or a wildcard means every interface, as elsewhere in ASP.NET.
    }

    private static void UseCertificate(ListenOptions listen, CertificateFiles files) => listen.UseHttps(https =>
    {
        https.ServerCertificateSelector = (_, _) => files.Certificate;
        https.OnAuthenticate = (_, tls) =>
        {
            // The selector gives the certificate alone; what stands between it and the root must be sent too.
            tls.ServerCertificateContext = files.Context;
            tls.ServerCertificateSelectionCallback = null;
        };
    });
}
