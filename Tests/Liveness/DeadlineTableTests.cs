using EsoCore.Grains.Liveness;
using Xunit;

namespace EsoCore.Tests.Liveness;

public sealed class DeadlineTableTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly DeadlineTable _table = new();
    private readonly Guid _a = Guid.NewGuid();
    private readonly Guid _b = Guid.NewGuid();

    [Fact]
    public void TakeDue_GivesThoseWhoseDeadlineHasPassed_TheFirstFirst_Once()
    {
        _table.Set(_a, Noon.AddSeconds(2));
        _table.Set(_b, Noon.AddSeconds(1));
        Assert.Null(_table.TakeDue(Noon.AddSeconds(1)));
        Assert.Equal(_b, _table.TakeDue(Noon.AddSeconds(3)));
        Assert.Equal(_a, _table.TakeDue(Noon.AddSeconds(3)));
        Assert.Null(_table.TakeDue(Noon.AddDays(1)));
        Assert.Equal(2, _table.Count);
    }

    [Fact]
    public void Set_Again_TheNewestDeadlineCounts()
    {
        _table.Set(_a, Noon);
        _table.Set(_a, Noon.AddMinutes(5));
        Assert.Null(_table.TakeDue(Noon.AddMinutes(5)));
        Assert.Equal(_a, _table.TakeDue(Noon.AddMinutes(6)));
    }

    [Fact]
    public void Answered_GivesTheNextDeadlineOrEndsTheWatch()
    {
        _table.Set(_a, Noon);
        _table.Answered(_table.TakeDue(Noon.AddSeconds(1))!.Value, Noon.AddMinutes(1));
        Assert.Equal(_a, _table.TakeDue(Noon.AddMinutes(2)));
        _table.Answered(_a, null);
        Assert.Equal(0, _table.Count);
    }

    [Fact]
    public void Answered_AfterTheDeviceWasHeardMeanwhile_WhatWasHeardStands()
    {
        _table.Set(_a, Noon);
        _table.TakeDue(Noon.AddSeconds(1));
        _table.Set(_a, Noon.AddMinutes(5));
        _table.Answered(_a, null);
        Assert.True(_table.Contains(_a));
        Assert.Equal(_a, _table.TakeDue(Noon.AddMinutes(6)));
    }

    [Fact]
    public void Set_VeryOften_KeepsTheQueueInBounds()
    {
        for (var i = 0; i < 100_000; i++)
            _table.Set(_a, Noon.AddSeconds(i));
        Assert.Equal(1, _table.Count);
        Assert.Equal(_a, _table.TakeDue(Noon.AddDays(3)));
        Assert.Null(_table.TakeDue(Noon.AddDays(3)));
    }
}
