using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EsoCore.Grains.Notifications;
using Microsoft.Extensions.Options;

namespace EsoCore.Silo.Channels;

/// <summary>
/// The files that the options of notifications name. They are read at the start: a typing error is to end it, not to be found out by the
/// first message.
/// </summary>
internal sealed class NotificationFiles : IPostConfigureOptions<NotificationOptions>, IValidateOptions<NotificationOptions>
{
    public void PostConfigure(string? name, NotificationOptions options)
    {
        if (options.Smtp is { PasswordFile.Length: > 0 } smtp && string.IsNullOrEmpty(smtp.Password) && FaultOf(smtp.PasswordFile) is null)
            smtp.Password = Read(smtp.PasswordFile);
    }

    public ValidateOptionsResult Validate(string? name, NotificationOptions options)
    {
        var faults = new List<string>();
        if (options.TrustedCertificates is { Length: > 0 } roots && FaultOfRoots(roots) is { } untrusted)
            faults.Add($"{NotificationOptions.Section}:TrustedCertificates {untrusted}");
        if (options.Smtp.PasswordFile is { Length: > 0 } file)
        {
            if (FaultOf(file) is { } unread)
                faults.Add($"{NotificationOptions.Section}:Smtp:PasswordFile {unread}");
            else if (options.Smtp.Password != Read(file))
                faults.Add($"{NotificationOptions.Section}:Smtp:PasswordFile stands instead of Password; give one of them.");
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static string? FaultOfRoots(string file)
    {
        try
        {
            X509Certificate2Collection roots = [];
            roots.ImportFromPemFile(file);
            return roots.Count > 0 ? null : $"must name a file with certificates (PEM); '{file}' holds none.";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return $"must name a file with certificates (PEM); '{file}' cannot be read: {error.Message}";
        }
    }

    /// <summary>A line end at the end belongs to the file, not to the password.</summary>
    private static string Read(string file) => File.ReadAllText(file).TrimEnd('\r', '\n');

    private static string? FaultOf(string file)
    {
        try
        {
            return Read(file).Length is > 0 and <= SmtpOptions.MaxPassword
                ? null : $"must name a file with a password of 1 to {SmtpOptions.MaxPassword} characters; '{file}' holds none.";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return $"must name a file with a password; '{file}' cannot be read: {error.Message}";
        }
    }
}
