using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.TestingHost;
using Microsoft.Extensions.Options;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class BackPressureTests
{
    [Fact]
    public async Task Calls_beyond_those_that_may_wait_are_refused_at_once()
    {
        await using ManySilos silos = await ManySilos.StartAsync(2, tcp: false, options: cluster => cluster.MaxPendingCalls = 3);
        InProcessSiloHandle here = silos.Silos[0], there = silos.Silos[1];
        IPlaced[] grains = [.. silos.KeysOn(there).Take(4).Select(key => here.Client.GetGrain<IPlaced>(key))];
        await grains[0].Where();
        Task<int>[] waiting = [.. grains.Take(3).Select(grain => grain.WaitForGate("g"))];
        await Assert.ThrowsAsync<LimitExceededException>(() => grains[3].Where());
        silos.Gates.Gate("g").SetResult();
        Assert.All(await Task.WhenAll(waiting), sum => Assert.Equal(1, sum));
        await grains[3].Where();
    }

    [Fact]
    public async Task Bytes_beyond_those_that_may_wait_are_refused_at_once()
    {
        await using ManySilos silos = await ManySilos.StartAsync(2, tcp: false, options: cluster => cluster.MaxQueuedBytes = 256 * 1024);
        InProcessSiloHandle here = silos.Silos[0], there = silos.Silos[1];
        IPlaced grain = silos.Placed(there, here);
        await grain.Where();
        silos.Network.Pause(there.SiloAddress!.Endpoint);
        Task<Echo>[] queued = [.. Enumerable.Range(0, 3).Select(i => grain.Echo(new Echo("x", new byte[100_000], i)))];
        await Assert.ThrowsAsync<LimitExceededException>(() => queued[2]);
        silos.Network.Resume(there.SiloAddress.Endpoint);
        Assert.Equal(1, (await Task.WhenAll(queued[..2]))[1].Number);
        Assert.Equal(9, (await grain.Echo(new Echo("y", default, 9))).Number);
    }

    [Fact]
    public async Task A_silo_that_stands_still_makes_nobody_wait_beyond_the_response_timeout()
    {
        await using ManySilos silos = await ManySilos.StartAsync(
            2, tcp: false, runtime: limits => limits.ResponseTimeout = TimeSpan.FromMilliseconds(500));
        InProcessSiloHandle here = silos.Silos[0], there = silos.Silos[1];
        IPlaced grain = silos.Placed(there, here);
        await ManySilos.AnswersAsync(grain); // The first time it may itself take longer than that.
        silos.Network.Pause(there.SiloAddress!.Endpoint);
        var late = await Assert.ThrowsAsync<TimeoutException>(() => grain.Where());
        Assert.Contains(there.SiloAddress.ToString(), late.Message);
        silos.Network.Resume(there.SiloAddress.Endpoint);
        await RuntimeCluster.UntilAsync(() => here.Runtime.Cluster!.PendingCalls == 0);
    }

    [Fact]
    public async Task Lost_frames_fail_the_calls_they_carried()
    {
        await using ManySilos silos = await ManySilos.StartAsync(2, tcp: false);
        IPlaced grain = silos.Placed(silos.Silos[1], silos.Silos[0]);
        await grain.Where();
        silos.Network.Drop = (_, _) => true;
        await Assert.ThrowsAsync<CallOutcomeUnknownException>(() => grain.Where());
        silos.Network.Drop = null;
        silos.Network.Delay = TimeSpan.FromMilliseconds(5);
        await ManySilos.AnswersAsync(grain);
    }

    [Fact]
    public async Task Options_out_of_bounds_fail_the_start_by_name()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => ManySilos.StartAsync(1, options: cluster =>
        {
            cluster.Secret = new byte[3];
            cluster.MaxPendingCalls = 0;
            cluster.CertificateFile = "a";
            cluster.Membership.HeartbeatInterval = TimeSpan.Zero;
        }));
        Assert.Equal(3, error.Failures.Count(failure => failure.StartsWith(nameof(ClusterOptions))));
        Assert.Contains(error.Failures, failure => failure.StartsWith(nameof(MembershipOptions)));
        Assert.Contains(error.Failures, failure => failure.Contains(nameof(ClusterOptions.Secret)));
    }
}
