using EsoCore.Device;
using EsoCore.Wire;
using Xunit;

namespace EsoCore.Tests.Device;

public sealed class SimulateArgumentsTests
{
    [Fact]
    public void Parse_AllOptions_AreTaken()
    {
        var a = SimulateArguments.Parse(
            "--url http://127.0.0.1:8080 --devices=3 --rate 2.5 --encoding ZSTD --project-key id:se:cret --duration 1.5m --interval 500ms --seed -4 --proof nonce".Split(' '), out var errors)!;
        Assert.Empty(errors);
        Assert.Equal((3, 2.5, ContentCoding.Zstd, "id:se:cret"), (a.Devices, a.Rate, a.Encoding, a.ProjectKey));
        Assert.Equal((TimeSpan.FromSeconds(90), TimeSpan.FromMilliseconds(500), -4, RequestProof.SignatureWithNonce), (a.Duration, a.Interval, a.Seed, a.Proof));
    }

    [Fact]
    public void Parse_OnlyTheUrl_HasDefaults()
    {
        var a = SimulateArguments.Parse(["--url", "http://127.0.0.1:8080"], out _)!;
        Assert.Equal((20, 10.0, ContentCoding.Gzip, 1), (a.Devices, a.Rate, a.Encoding, a.Seed));
        Assert.Null(a.Duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--url")]
    [InlineData("--url nowhere")]
    [InlineData("--url ftp://x")]
    [InlineData("--url http://x --devices 0")]
    [InlineData("--url http://x --devices 10001")]
    [InlineData("--url http://x --devices many")]
    [InlineData("--url http://x --rate 0")]
    [InlineData("--url http://x --rate NaN")]
    [InlineData("--url http://x --rate 1e3")]
    [InlineData("--url http://x --encoding br")]
    [InlineData("--url http://x --encoding=")]
    [InlineData("--url http://x --interval 5")]
    [InlineData("--url http://x --interval 50ms")]
    [InlineData("--url http://x --duration 0s")]
    [InlineData("--url http://x --duration 99d")]
    [InlineData("--url http://x --duration s")]
    [InlineData("--url http://x --project-key id")]
    [InlineData("--url http://x --project-key :secret")]
    [InlineData("--url http://x --proof none")]
    [InlineData("--url http://x --verbose")]
    [InlineData("--url http://x --seed 1 --seed 1")]
    [InlineData("--url http://x stray")]
    public void Parse_AnythingWrong_IsRefusedWithWords(string words)
    {
        Assert.Null(SimulateArguments.Parse(words.Split(' ', StringSplitOptions.RemoveEmptyEntries), out var errors));
        Assert.NotEmpty(errors);
    }

    [Fact]
    public void Parse_SeveralThingsWrong_TellsAll()
    {
        SimulateArguments.Parse(["--devices", "0", "--rate", "x", "--foo"], out var errors);
        Assert.Equal(4, errors.Count);
    }
}
