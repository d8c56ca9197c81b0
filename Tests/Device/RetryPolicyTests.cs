using EsoCore.Device;
using EsoCore.Tests.Support;
using Xunit;

namespace EsoCore.Tests.Device;

public sealed class RetryPolicyTests
{
    private readonly FakeTimeProvider _clock = new();

    /// <summary>A random that always gives one number: 0 is the lowest jitter, 0.5 none, just under 1 the highest.</summary>
    private sealed class Fixed(double value) : Random
    {
        public override double NextDouble() => value;
    }

    [Theory]
    [InlineData(0.0, 0.75)]
    [InlineData(0.5, 1.0)]
    [InlineData(0.9999999, 1.25)]
    public void OnFailure_BeforeTheCircuitOpens_DoublesFromOneSecondWithinTheJitter(double random, double factor)
    {
        var policy = new RetryPolicy(_clock, new Fixed(random), new RetryOptions { FailuresToOpen = 20 });
        foreach (var expected in new double[] { 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300 })
        {
            policy.OnFailure(TimeSpan.Zero);
            Assert.Equal(expected * factor, policy.Remaining.TotalSeconds, 3);
            Assert.False(policy.IsOpen);
            _clock.Advance(policy.Remaining - TimeSpan.FromMilliseconds(1));
            Assert.False(policy.MayTry);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(policy.MayTry);
        }
    }

    [Fact]
    public void OnFailure_FiveInARow_OpensTheCircuitForTheMaximumAndLetsOneThrough()
    {
        var policy = new RetryPolicy(_clock, new Fixed(0.5));
        for (var i = 0; i < 4; i++)
        {
            policy.OnFailure(TimeSpan.Zero);
            Assert.False(policy.IsOpen);
            _clock.Advance(policy.Remaining);
        }

        policy.OnFailure(TimeSpan.Zero);
        Assert.True(policy.IsOpen);
        Assert.Equal(300, policy.Remaining.TotalSeconds);

        _clock.Advance(TimeSpan.FromSeconds(300));
        Assert.True(policy.MayTry);
        Assert.False(policy.IsOpen);

        policy.OnFailure(TimeSpan.Zero);
        Assert.True(policy.IsOpen);
        Assert.Equal(300, policy.Remaining.TotalSeconds);
    }

    [Fact]
    public void OnSuccess_AfterFailures_StartsOver()
    {
        var policy = new RetryPolicy(_clock, new Fixed(0.5));
        for (var i = 0; i < 7; i++)
            policy.OnFailure(TimeSpan.Zero);
        policy.OnSuccess(TimeSpan.Zero);
        Assert.True(policy.MayTry);
        Assert.Equal(0, policy.FailuresInARow);
        policy.OnFailure(TimeSpan.Zero);
        Assert.Equal(1, policy.Remaining.TotalSeconds);
    }

    [Fact]
    public void OnFailure_ServerAsksForLonger_IsHonoured()
    {
        var policy = new RetryPolicy(_clock, new Fixed(0.5));
        policy.OnFailure(TimeSpan.FromSeconds(40));
        Assert.Equal(40, policy.Remaining.TotalSeconds);
        policy.OnFailure(TimeSpan.FromSeconds(1));
        Assert.Equal(2, policy.Remaining.TotalSeconds);
        policy.OnFailure(TimeSpan.FromDays(400));
        Assert.Equal(3600, policy.Remaining.TotalSeconds);
    }

    [Fact]
    public void OnSuccess_WithABackoffHint_Waits()
    {
        var policy = new RetryPolicy(_clock, new Fixed(0.5));
        policy.OnSuccess(TimeSpan.FromMilliseconds(1500));
        Assert.False(policy.MayTry);
        Assert.False(policy.IsOpen);
        _clock.Advance(TimeSpan.FromMilliseconds(1500));
        Assert.True(policy.MayTry);
    }

    [Fact]
    public void Jitter_OfManyDevices_IsSpreadOverTheWholeBand()
    {
        var waits = Enumerable.Range(0, 1000).Select(seed =>
        {
            var policy = new RetryPolicy(_clock, new Random(seed));
            policy.OnFailure(TimeSpan.Zero);
            return policy.Remaining.TotalSeconds;
        }).ToList();
        Assert.All(waits, w => Assert.InRange(w, 0.75, 1.25));
        Assert.InRange(waits.Min(), 0.75, 0.76);
        Assert.InRange(waits.Max(), 1.24, 1.25);
    }

    [Theory]
    [InlineData("backoff_ms: 0", 0)]
    [InlineData("backoff_ms: 250", 250)]
    [InlineData("backoff_ms:250", 250)]
    [InlineData("backoff_ms: -5", 0)]
    [InlineData("backoff_ms: soon", 0)]
    [InlineData("", 0)]
    [InlineData(null, 0)]
    public void NextHint_IsRead(string? hint, int milliseconds) => Assert.Equal(milliseconds, NextHint.Parse(hint).TotalMilliseconds);
}
