using EsoCore.Runtime.Clustering;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class SiloAddressTests
{
    [Theory]
    [InlineData("127.0.0.1", 11_111, 42, "127.0.0.1:11111@42")]
    [InlineData("silo-1.example", 1, 0, "silo-1.example:1@0")]
    [InlineData("[::1]", 65_535, long.MaxValue, "[::1]:65535@9223372036854775807")]
    public void Parse_WhatToStringWrote_IsTheSame(string host, int port, long generation, string text)
    {
        var address = new SiloAddress(host, port, generation);
        Assert.Equal(text, address.ToString());
        Assert.Equal(address, SiloAddress.Parse(text));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("@")]
    [InlineData("host:1")]
    [InlineData("host@1")]
    [InlineData(":1@1")]
    [InlineData("host:0@1")]
    [InlineData("host:65536@1")]
    [InlineData("host:1@-1")]
    [InlineData("host:+1@1")]
    [InlineData("host:1@9223372036854775808")]
    [InlineData("host: 1@1")]
    public void TryParse_OfAnotherForm_IsNull(string? text)
    {
        Assert.Null(SiloAddress.TryParse(text));
        Assert.Throws<FormatException>(() => SiloAddress.Parse(text!));
    }

    [Fact]
    public void TryParse_OfAnEndlessHost_IsNull() =>
        Assert.Null(SiloAddress.TryParse(new string('a', SiloAddress.MaxHostLength + 1) + ":1@1"));

    [Fact]
    public void NewGeneration_IsNeverNegativeNorTheSame()
    {
        long[] drawn = [.. Enumerable.Range(0, 1_000).Select(_ => SiloAddress.NewGeneration())];
        Assert.All(drawn, generation => Assert.True(generation >= 0));
        Assert.Equal(drawn.Length, drawn.Distinct().Count());
    }
}
