using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EsoCore.Grains.Notifications;
using Microsoft.Extensions.Options;

namespace EsoCore.Silo.Channels.Net;

/// <summary>Takes certificates that the machine trusts, and those under the further roots that the administrator named.</summary>
internal sealed class TrustedRoots
{
    private readonly X509Certificate2Collection _roots = [];

    public TrustedRoots(IOptions<NotificationOptions> options)
    {
        if (options.Value.TrustedCertificates is { Length: > 0 } file)
            _roots.ImportFromPemFile(file);
    }

    /// <summary>How to speak TLS with a host.</summary>
    public SslClientAuthenticationOptions For(string host) => new() { TargetHost = host, RemoteCertificateValidationCallback = IsTrusted };

    /// <summary>The framework's own verdict; only an unknown root is looked at again.</summary>
    public bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None)
            return true;
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors || _roots.Count == 0 || certificate is null)
            return false;
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(_roots);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // As the framework's own default for clients.
        if (chain is not null)
            own.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        using var copy = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return own.Build(copy);
    }
}
