using EsoCore.Silo.Hosting;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace EsoCore.Tests.Silo;

public sealed class SiloArgumentsTests
{
    [Fact]
    public void Parse_EveryOption_SetsItsConfigurationKey()
    {
        var parsed = SiloArguments.Parse([
            "--urls", "http://127.0.0.1:1", "--data=/d", "--role", "all", "--postgres", "x", "--cert", "c", "--key", "k", "--trusted-proxies", "10.0.0.0/8",
            "--demo", "--demo-open"]);

        Assert.Empty(parsed.Faults);
        var options = new ConfigurationBuilder().AddInMemoryCollection(parsed.Settings).Build().GetSection(SiloOptions.Section).Get<SiloOptions>()!;
        Assert.Equal(
            ("http://127.0.0.1:1", "/d", "all", "x", "c", "k", "10.0.0.0/8", true, true),
            (options.Urls, options.Data, options.Role, options.Postgres, options.Cert, options.Key, options.TrustedProxies, options.Demo, options.DemoOpen));
    }

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("--demo=yes")]
    [InlineData("positional")]
    [InlineData("--urls")]
    [InlineData("--data", "--demo")]
    public void Parse_WhatItDoesNotKnow_IsAFault(params string[] args) => Assert.NotEmpty(SiloArguments.Parse(args).Faults);

    [Fact]
    public void Parse_Migrate_IsACommandOnlyInTheFirstPlace()
    {
        Assert.Equal(SiloArguments.MigrateCommand, SiloArguments.Parse(["migrate", "--postgres", "Host=x"]).Command);
        Assert.Equal(SiloArguments.OperatorKeyCommand, SiloArguments.Parse(["operator-key"]).Command);
        Assert.Null(SiloArguments.Parse(["--postgres", "Host=x"]).Command);
        Assert.NotEmpty(SiloArguments.Parse(["--postgres", "Host=x", "migrate"]).Faults);
    }

    [Fact]
    public void Parse_Help_IsSeenAnywhere() => Assert.True(SiloArguments.Parse(["--demo", "--help"]).Help);

    [Theory]
    [InlineData(null, null, null, false, false, null)]
    [InlineData("http://localhost:80;http://[::1]:81", null, null, true, false, null)]
    [InlineData("http://0.0.0.0:80", null, null, false, false, "plain HTTP")]
    [InlineData("http://*:80", null, null, false, false, "plain HTTP")]
    [InlineData("http://example.org:80", null, null, false, false, "plain HTTP")]
    [InlineData("http://0.0.0.0:80", "10.0.0.0/8, 192.0.2.1", null, false, false, null)]
    [InlineData("http://0.0.0.0:80", "10.0.0.0/8", null, true, false, "--demo-open")]
    [InlineData("http://0.0.0.0:80", "10.0.0.0/8", null, true, true, null)]
    [InlineData("http://0.0.0.0:80", "ten/8", null, false, false, "TrustedProxies")]
    [InlineData("https://127.0.0.1:80", null, null, false, false, "--cert")]
    [InlineData("ftp://127.0.0.1", null, null, false, false, "not an address")]
    [InlineData("nonsense", null, null, false, false, "not an address")]
    [InlineData(null, null, "/no/such/file", false, false, "no file")]
    public void Faults_WhereItListens_AreToldBeforeAnythingListens(
        string? urls, string? proxies, string? cert, bool demo, bool demoOpen, string? expected)
    {
        var options = new SiloOptions { Urls = urls, TrustedProxies = proxies, Cert = cert, Key = cert, Demo = demo, DemoOpen = demoOpen };
        if (expected is null)
            Assert.Empty(options.Faults());
        else
            Assert.Contains(options.Faults(), fault => fault.Contains(expected));
    }

    [Theory]
    [InlineData("silo", null, "needs --postgres")]
    [InlineData("api", null, "needs --postgres")]
    [InlineData("king", null, "unknown")]
    [InlineData("all", "nonsense", "Postgres")]
    [InlineData("all", "Database=x", "must name a host")]
    public void Faults_WhatThisVersionLacks_IsSaidPlainly(string role, string? postgres, string expected) =>
        Assert.Contains(new SiloOptions { Role = role, Postgres = postgres }.Faults(), fault => fault.Contains(expected));
}
