using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// Mutual TLS between members: each side shows a certificate, and each checks that the other's was issued by the cluster's own authority.
/// Names in certificates are not compared with addresses: who holds a certificate of the authority (and, with the built-in engine,
/// knows the secret) belongs to the cluster.
/// </summary>
internal sealed class ClusterTls : IDisposable
{
    private readonly X509Certificate2 _own;
    private readonly X509Certificate2Collection _authorities = [];

    /// <summary>Reads the files.</summary>
    /// <exception cref="InvalidOperationException">A file is missing or holds something else; the message names it.</exception>
    public ClusterTls(string certificateFile, string keyFile, string authorityFile)
    {
        try
        {
            using var pem = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);

            // A key read from PEM is not usable by every platform's TLS; one that went through PKCS#12 is.
            _own = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            _authorities.ImportFromPemFile(authorityFile);
        }
        catch (Exception exception) when (exception is IOException or CryptographicException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"The cluster's TLS files cannot be used ({certificateFile}, {keyFile}, {authorityFile}): {exception.Message}", exception);
        }

        if (_authorities.Count == 0) throw new InvalidOperationException($"{authorityFile} holds no certificate.");
    }

    public async Task<Stream> AsServerAsync(Stream stream, CancellationToken cancel)
    {
        var secured = new SslStream(stream, leaveInnerStreamOpen: false);
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificate = _own,
            ClientCertificateRequired = true,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            RemoteCertificateValidationCallback = Check,
        };
        return await ProvenAsync(secured, secured.AuthenticateAsServerAsync(options, cancel)).ConfigureAwait(false);
    }

    public async Task<Stream> AsClientAsync(Stream stream, string host, CancellationToken cancel)
    {
        var secured = new SslStream(stream, leaveInnerStreamOpen: false);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            ClientCertificates = [_own],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            RemoteCertificateValidationCallback = Check,
        };
        return await ProvenAsync(secured, secured.AuthenticateAsClientAsync(options, cancel)).ConfigureAwait(false);
    }

    public void Dispose() => _own.Dispose();

    private static async Task<Stream> ProvenAsync(SslStream secured, Task handshake)
    {
        try
        {
            await handshake.ConfigureAwait(false);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private bool Check(object sender, X509Certificate? certificate, X509Chain? given, SslPolicyErrors errors)
    {
        if (certificate is null) return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using X509Certificate2 shown = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(shown);
    }
}
