using EsoCore.Silo.Hosting;
using Xunit;

namespace EsoCore.Tests.Silo;

public sealed class ClusterSettingsTests
{
    [Theory]
    [InlineData("silo-1", "silo-1", 0)]
    [InlineData("silo-1:7946", "silo-1", 7946)]
    [InlineData("10.0.0.1", "10.0.0.1", 0)]
    [InlineData("10.0.0.1:7946", "10.0.0.1", 7946)]
    [InlineData("[10.0.0.1]:7946", "10.0.0.1", 7946)]
    [InlineData("fd00::1", "fd00::1", 0)]
    [InlineData("[fd00::1]", "[fd00::1]", 0)]
    [InlineData("[fd00::1]:7946", "fd00::1", 7946)]
    public void Split_OfWhatIsAnAddress_KeepsThePort(string text, string host, int port) =>
        Assert.Equal((host, port), ClusterSettings.Split(text));

    [Theory]
    [InlineData("")]
    [InlineData(":7946")]
    [InlineData("silo-1:port")]
    [InlineData("silo-1:65536")]
    [InlineData("a b")]
    public void Split_OfAnythingElse_IsNull(string text) => Assert.Null(ClusterSettings.Split(text));

    [Fact]
    public void Faults_OfTls_AskForAllThreeFilesAndThatTheyAreThere()
    {
        Assert.Empty(new ClusterSettings().Faults());
        Assert.Contains("all three", Assert.Single(new ClusterSettings { Authority = typeof(ClusterSettings).Assembly.Location }.Faults()));
        Assert.Equal(3, new ClusterSettings { Cert = "/no/c", Key = "/no/k", Authority = "/no/a" }.Faults().Count());
    }
}
