using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.CodeGeneration;
using EsoCore.Runtime.TestingHost;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

/// <summary>Silos come, leave and die.</summary>
public sealed class SiloLifeTests
{
    private const int Keys = 60;

    [Fact]
    public async Task A_killed_silo_fails_its_calls_at_once_and_its_grains_live_on_elsewhere()
    {
        await using ManySilos silos = await ManySilos.StartAsync(3, options: cluster =>
        {
            // Short, or it takes as long; longer than a busy machine lets the others stand still.
            cluster.Membership.EvictAfter = TimeSpan.FromSeconds(12);
            cluster.Membership.EvictUnreachableAfter = TimeSpan.FromMilliseconds(400);
        });
        InProcessSiloHandle victim = silos.Silos[1], caller = silos.Silos[0];
        string key = silos.KeysOn(victim).First();
        IPlaced grain = caller.Client.GetGrain<IPlaced>(key);
        Task<int> waiting = grain.WaitForGate("never");
        await silos.Gates.NotedAsync("at the gate");
        await silos.Cluster.KillSiloAsync(victim);
        await Assert.ThrowsAsync<CallOutcomeUnknownException>(() => waiting);
        await silos.Cluster.WaitForLivenessToStabilizeAsync();
        Assert.Contains(await grain.Where(), silos.Silos.Select(silo => silo.SiloAddress!.ToString()));
    }

    [Fact]
    public async Task A_planned_stop_fails_no_call()
    {
        await using ManySilos silos = await ManySilos.StartAsync(3);
        InProcessSiloHandle client = await silos.Cluster.StartClientAsync();
        await using var load = new SteadyLoad([silos.Silos[0].Client, silos.Silos[2].Client, client.Client], Keys);
        await load.DoneAsync(500);
        await silos.Cluster.StopSiloAsync(silos.Silos[1]);
        await load.DoneAsync(500);
        InProcessSiloHandle added = await silos.Cluster.StartAdditionalSiloAsync();
        await load.DoneAsync(500);
        await silos.Cluster.StopSiloAsync(added);
        await load.DoneAsync(500);
        Assert.Empty(await load.StopAsync());
    }

    [Fact]
    public async Task A_running_call_is_finished_before_its_silo_stops_and_a_waiting_one_is_forwarded()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        InProcessSiloHandle leaving = silos.Silos[1], other = silos.Silos[0];
        string address = leaving.SiloAddress!.ToString();
        IPlaced grain = silos.Placed(leaving, other);
        Task<int> running = grain.WaitForGate("g");
        await silos.Gates.NotedAsync("at the gate");
        Task<string> behind = grain.Where();
        Task stop = silos.Cluster.StopSiloAsync(leaving);
        await RuntimeCluster.UntilAsync(() => other.ClusterState!.View.Active.Length == 1);
        silos.Gates.Gate("g").SetResult();
        Assert.Equal(1, await running);
        Assert.NotEqual(address, await behind);
        await stop;
    }

    [Fact]
    public async Task A_new_silo_takes_its_share_over()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        string[] keys = [.. Enumerable.Range(0, Keys).Select(i => $"key-{i}")];
        IClusterClient client = silos.Silos[0].Client;
        foreach (string key in keys) await client.GetGrain<IPlaced>(key).Add(1);
        InProcessSiloHandle added = await silos.Cluster.StartAdditionalSiloAsync();
        await silos.Cluster.WaitForLivenessToStabilizeAsync();
        string[] there = await Task.WhenAll(keys.Select(key => client.GetGrain<IPlaced>(key).Where()));
        Assert.InRange(there.Count(address => address == added.SiloAddress!.ToString()), 1, Keys - 2);
        await RuntimeCluster.UntilAsync(() => silos.Silos.Sum(silo => silo.Runtime.Catalog.Count) == Keys);
    }

    [Fact]
    public async Task A_silo_that_was_taken_for_dead_stops_serving_and_stops_its_host()
    {
        await using ManySilos silos = await ManySilos.StartAsync(2, tcp: false);
        InProcessSiloHandle victim = silos.Silos[1];
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Action? usual = victim.Runtime.Cluster!.Evicted;
        victim.Runtime.Cluster.Evicted = () =>
        {
            usual?.Invoke();
            ended.SetResult();
        };
        IMembershipTable table = silos.Cluster.Table;
        bool done = false;
        while (!done)
        {
            MembershipSnapshot snapshot = await table.Read(CancellationToken.None);
            done = await table.Change(
                new StatusChange(victim.SiloAddress!, MemberStatus.Active, MemberStatus.Dead, snapshot.Version, null),
                CancellationToken.None);
        }

        await ended.Task.WaitAsync(Probe.Patience);
        await Assert.ThrowsAnyAsync<SiloUnavailableException>(() => victim.Client.GetGrain<IPlaced>("a").Where());
        var life = (Microsoft.Extensions.Hosting.IHostApplicationLifetime)victim.ServiceProvider.GetService(
            typeof(Microsoft.Extensions.Hosting.IHostApplicationLifetime))!;
        Assert.True(life.ApplicationStopping.IsCancellationRequested);
        await RuntimeCluster.UntilAsync(() => silos.Silos[0].ClusterState!.View.Active.Length == 1);
        Assert.Equal(silos.Silos[0].SiloAddress!.ToString(), await silos.Silos[0].Client.GetGrain<IPlaced>("a").Where());
    }

    [Fact]
    public async Task A_cut_network_fails_calls_and_mends()
    {
        await using ManySilos silos = await ManySilos.StartAsync(2, tcp: false);
        InProcessSiloHandle here = silos.Silos[0], there = silos.Silos[1];
        IPlaced grain = silos.Placed(there, here);
        Task<int> waiting = grain.WaitForGate("never");
        await silos.Gates.NotedAsync("at the gate");
        silos.Network.Cut(here.SiloAddress!.Endpoint, there.SiloAddress!.Endpoint);
        await Assert.ThrowsAsync<CallOutcomeUnknownException>(() => waiting);
        await Assert.ThrowsAnyAsync<SiloUnavailableException>(() => silos.Placed(there, here, 1).Where());
        silos.Network.Heal();
        await ManySilos.AnswersAsync(silos.Placed(there, here, 2));

        // Both go on counting in the table, so nobody is evicted.
        Assert.Equal(2, here.ClusterState!.View.Active.Length);
        silos.Gates.Gate("never").SetResult();
    }

    [Fact]
    public async Task A_silo_that_reaches_none_of_the_others_is_given_no_grains_and_does_not_start()
    {
        bool isStranger = false;
        await using ManySilos silos = await ManySilos.StartAsync(options: cluster =>
        {
            if (!isStranger) return;
            cluster.Secret = "what another cluster knows"u8.ToArray();
            cluster.JoinTimeout = TimeSpan.FromSeconds(2);
        });
        isStranger = true;
        string told = await ManySilos.RefusalAsync(silos.Cluster, "none of the 2 active silos can be reached");
        Assert.Contains("secret", told);
        Assert.All(silos.Silos, silo => Assert.Equal(2, silo.ClusterState!.View.Active.Length));
    }

    [Fact]
    public async Task A_client_that_nobody_calls_through_links_itself_and_notices_when_it_cannot()
    {
        await using ManySilos silos = await ManySilos.StartAsync(1, tcp: false, options: _ => { });
        InProcessSiloHandle client = await silos.Cluster.StartClientAsync();
        ClusterNode node = client.Runtime.Cluster!;
        await RuntimeCluster.UntilAsync(() => node.IsLinked);
        string name = ((MemoryTransport)node.Transport).Name;
        silos.Network.Cut(name, silos.Silos[0].SiloAddress!.Endpoint);
        await RuntimeCluster.UntilAsync(() => !node.IsLinked);
        Assert.Single(node.Membership.State.View.Active);
        silos.Network.Heal();
        await RuntimeCluster.UntilAsync(() => node.IsLinked);
    }

    [Fact]
    public async Task A_restarted_silo_has_another_generation_and_serves()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        SiloAddress before = silos.Silos[1].SiloAddress!;
        InProcessSiloHandle after = await silos.Cluster.RestartSiloAsync(silos.Silos[1]);
        await silos.Cluster.WaitForLivenessToStabilizeAsync();
        Assert.NotEqual(before, after.SiloAddress);
        Assert.Equal(after.SiloAddress!.ToString(), await silos.Placed(after, silos.Silos[0]).Where());
    }

    [Fact]
    public async Task A_stale_route_is_forwarded()
    {
        await using ManySilos silos = await ManySilos.StartAsync(2, tcp: false);
        InProcessSiloHandle here = silos.Silos[0], there = silos.Silos[1];
        GrainId local = GrainId.Create("placed", silos.KeysOn(here).First());
        StaleCall request = new() { DeadlineMs = here.Runtime.Clock.DeadlineIn(30_000) };
        Task<string> answer = request.Promise;

        // Sent to the silo that does not have the grain, as one with an old view would.
        Assert.True(here.Runtime.Cluster!.PeerOf(there.SiloAddress!).TrySend(request, local, 0));
        Assert.Equal(here.SiloAddress!.ToString(), await answer);
        Assert.NotNull(here.Runtime.Catalog.Find(local));
        Assert.Null(there.Runtime.Catalog.Find(local));
    }

    [Fact]
    public async Task Calls_do_not_bounce_between_silos_that_disagree()
    {
        // They read the table so rarely that only the calls themselves can tell them of changes.
        await using ManySilos silos = await ManySilos.StartAsync(3, tcp: false, options: cluster =>
        {
            cluster.Membership.HeartbeatInterval = TimeSpan.FromSeconds(1);
        });
        await using var load = new SteadyLoad([.. silos.Silos.Take(2).Select(silo => silo.Client)], Keys);
        await load.DoneAsync(200);
        await silos.Cluster.StopSiloAsync(silos.Silos[2]);
        InProcessSiloHandle added = await silos.Cluster.StartAdditionalSiloAsync();
        await load.DoneAsync(200);
        await silos.Cluster.StopSiloAsync(added);
        await load.DoneAsync(200);
        Assert.Empty(await load.StopAsync());
    }

    /// <summary>A call of <see cref="IPlaced.Where"/> made by hand.</summary>
    private sealed class StaleCall : TaskRequest<string>
    {
        private static readonly GrainMethod s_method =
            new(typeof(IPlaced).FullName!, "Where", "Where()", GrainMethodOptions.None, null, []);

        public override GrainMethod Method => s_method;

        protected override Task<string> Invoke(object grain) => throw new NotSupportedException();
    }
}
