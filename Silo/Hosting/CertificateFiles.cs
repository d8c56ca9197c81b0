using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// The server's certificate and key, read again when their files change, so that a renewal needs no restart. A pair that cannot be read (a
/// renewal caught between its two files) is tried again at the next look; until then the one before stays in force.
/// </summary>
internal sealed class CertificateFiles : IDisposable
{
    /// <summary>How often the files are looked at. A watch would be quicker, but misses renewals by symbolic link, as Kubernetes does them.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    private readonly string _cert;
    private readonly string _key;
    private readonly ILogger<CertificateFiles> _log;
    private readonly ITimer _timer;
    private DateTime _stamp;
    private volatile Loaded _loaded;

    /// <exception cref="InvalidDataException">The files are not a certificate and its key.</exception>
    public CertificateFiles(string cert, string key, TimeProvider time, ILogger<CertificateFiles> log)
    {
        (_cert, _key, _log) = (cert, key, log);
        _stamp = Stamp();
        _loaded = Load();
        _timer = time.CreateTimer(_ => Look(), null, LookEvery, LookEvery);
    }

    /// <summary>The certificate in force.</summary>
    public X509Certificate2 Certificate => _loaded.Certificate;

    /// <summary>What a handshake presents: the certificate, and what the file holds between it and the root.</summary>
    public SslStreamCertificateContext Context => _loaded.Context;

    /// <summary>Reads the files again if they changed.</summary>
    public void Look()
    {
        try
        {
            var stamp = Stamp();
            if (stamp == _stamp)
                return;
            _loaded = Load(); // The one before is not disposed: handshakes may be using it.
            _stamp = stamp;
            _log.LogInformation("The certificate was read again; it is good until {NotAfter:u}", Certificate.NotAfter.ToUniversalTime());
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            _log.LogWarning("The changed certificate cannot be read; the one before stays in force: {Reason}", e.Message);
        }
    }

    public void Dispose() => _timer.Dispose();

    private DateTime Stamp()
    {
        var (cert, key) = (File.GetLastWriteTimeUtc(Target(_cert)), File.GetLastWriteTimeUtc(Target(_key)));
        return cert > key ? cert : key;
    }

    private static string Target(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    private Loaded Load()
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(_cert);
            using var pem = X509Certificate2.CreateFromPemFile(_cert, _key);
            // A round through PKCS #12 binds the key for all platforms' TLS.
            var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            return new Loaded(certificate, SslStreamCertificateContext.Create(certificate, chain, offline: true));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"'{_cert}' and '{_key}' are not a PEM certificate and its key: {e.Message}", e);
        }
    }

    private sealed record Loaded(X509Certificate2 Certificate, SslStreamCertificateContext Context);
}
