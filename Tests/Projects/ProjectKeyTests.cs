using EsoCore.Grains.Projects;
using Xunit;

namespace EsoCore.Tests.Projects;

public sealed class ProjectKeyTests
{
    private static readonly Guid Project = Guid.Parse("0a0b0c0d-1111-2222-3333-444455556666");

    [Theory]
    [InlineData("ASSET_3")]
    [InlineData("hall/door")]
    [InlineData("/")]
    public void Parse_WhatOfMade_GivesBothPartsBack(string id) => Assert.Equal((Project, id), ProjectKey.Parse(ProjectKey.Of(Project, id)));

    [Theory]
    [InlineData("")]
    [InlineData("ASSET_3")]
    [InlineData("0a0b0c0d-1111-2222-3333-444455556666")]
    [InlineData("0a0b0c0d-1111-2222-3333-444455556666/")]
    [InlineData("0a0b0c0d111122223333444455556666/0123x")]
    public void Parse_AnotherForm_Throws(string key) => Assert.Throws<ArgumentException>(() => ProjectKey.Parse(key));
}
