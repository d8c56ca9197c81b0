using EsoCore.Events;
using EsoCore.Grains.Events;
using Xunit;

namespace EsoCore.Tests.Events;

public sealed class SourceTableTests
{
    [Fact]
    public void Unpack_WhatWasPacked_GivesItBack()
    {
        var table = new SourceTable();
        for (var i = 0; i < 300; i++)
            table[Guid.NewGuid()] = new Source(new TransitionPosition(1L << (i % 63), i * 7_919), (byte)i);
        Assert.Equal(table.All.OrderBy(s => s.Key), SourceTable.Unpack(table.Pack().Span).All.OrderBy(s => s.Key));
    }

    [Fact]
    public void Unpack_NoBytes_IsEmpty() => Assert.Equal(0, SourceTable.Unpack([]).Count);

    [Fact]
    public void Pack_AHundredThousandDevices_TakesAtMost24BytesEach()
    {
        var table = new SourceTable();
        for (var i = 0; i < 100_000; i++)
            table[Guid.NewGuid()] = new Source(new TransitionPosition(2_000_000, 3), 3);
        Assert.InRange(table.Pack().Length, 100_000 * 19, 100_000 * 24);
    }

    [Fact]
    public void Unpack_CutOffOrOfALaterFormat_Throws()
    {
        var table = new SourceTable { [Guid.NewGuid()] = new Source(new TransitionPosition(300, 1), 1) };
        var bytes = table.Pack().ToArray();
        for (var length = 2; length < bytes.Length; length++)
            Assert.Throws<InvalidDataException>(() => SourceTable.Unpack(bytes.AsSpan(0, length)));
        bytes[0] = 2;
        Assert.Throws<InvalidDataException>(() => SourceTable.Unpack(bytes));
    }
}
