using EsoCore.Runtime.Clustering;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class MembershipOptionsTests
{
    [Fact]
    public void Validate_TheDefaults_Succeeds() =>
        Assert.True(new MembershipOptionsValidator().Validate(null, new MembershipOptions()).Succeeded);

    [Fact]
    public void Validate_WhatIsOutOfBounds_NamesEachPropertyAndItsBounds()
    {
        var options = new MembershipOptions
        {
            HeartbeatInterval = TimeSpan.FromSeconds(1),
            EvictAfter = TimeSpan.FromSeconds(3),
            EvictUnreachableAfter = TimeSpan.FromSeconds(1),
            TableTimeout = TimeSpan.FromSeconds(3),
            KeepDeadFor = TimeSpan.Zero,
        };
        string[] failures = [.. new MembershipOptionsValidator().Validate(null, options).Failures!];
        Assert.Equal(
            [
                "MembershipOptions.EvictAfter is 00:00:03; it must be between 00:00:04 and 00:05:00.",
                "MembershipOptions.EvictUnreachableAfter is 00:00:01; it must be between 00:00:02 and 00:00:03.",
                "MembershipOptions.TableTimeout is 00:00:03; it must be between 00:00:00.0100000 and 00:00:01.5000000.",
                "MembershipOptions.KeepDeadFor is 00:00:00; it must be between 00:01:00 and 30.00:00:00.",
            ],
            failures);
    }
}
