using EsoCore.Grains.Notifications;
using EsoCore.Silo.Channels;
using EsoCore.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace EsoCore.Tests.Notifications;

/// <summary>What an administrator sets wrongly is told at the start, by name.</summary>
public sealed class NotificationOptionsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("TrustedCertificates", "/nowhere/roots.pem", "EsoCore:Notifications:TrustedCertificates must name a file")]
    [InlineData("TrustedCertificates", "{file}", "TrustedCertificates must name a file with certificates (PEM)")]
    [InlineData("Smtp:Port", "0", "'Port' with the error: 'The field Port must be between 1 and 65535.'")]
    [InlineData("Smtp:Port", "70000", "Port must be between 1 and 65535")]
    [InlineData("Smtp:Security", "ssl", "EsoCore:Notifications:Smtp:Security must be starttls, tls or none.")]
    [InlineData("Smtp:PasswordFile", "/nowhere/password", "EsoCore:Notifications:Smtp:PasswordFile must name a file")]
    [InlineData("Smtp:PasswordFile", "{file}", "PasswordFile must name a file with a password of 1 to 1024 characters")]
    [InlineData("MaxAttempts", "0", "MaxAttempts must be between 1 and 10000")]
    public void Start_WrongSetting_IsRefusedByName(string name, string value, string fault)
    {
        var refused = Assert.Throws<OptionsValidationException>(() => Of((name, value.Replace("{file}", _file))));
        Assert.Contains(fault, Assert.Single(refused.Failures));
    }

    [Fact]
    public void Start_PasswordFile_StandsForThePassword()
    {
        File.WriteAllText(_file, "s3cret \n");
        Assert.Equal("s3cret ", Of(("Smtp:PasswordFile", _file)).Smtp.Password);
        var both = Assert.Throws<OptionsValidationException>(() => Of(("Smtp:PasswordFile", _file), ("Smtp:Password", "other")));
        Assert.Contains("give one of them", Assert.Single(both.Failures));
    }

    [Fact]
    public async Task Start_Roots_AreTaken()
    {
        await using var smtp = SmtpReceiver.Start();
        Assert.Equal(smtp.RootFile, Of(("TrustedCertificates", smtp.RootFile)).TrustedCertificates);
    }

    private static NotificationOptions Of(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s =>
            KeyValuePair.Create<string, string?>($"{NotificationOptions.Section}:{s.Name}", s.Value))).Build();
        using var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddNotifications().AddChannels()
            .BuildServiceProvider();
        services.GetRequiredService<IStartupValidator>().Validate();
        return services.GetRequiredService<IOptions<NotificationOptions>>().Value;
    }
}
