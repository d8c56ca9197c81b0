using EsoCore.History;
using EsoCore.Runtime;
using EsoCore.Runtime.TestingHost;
using Xunit;

namespace EsoCore.Tests.Runtime.Clustering;

public sealed class RemoteCallTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_grain_is_called_where_it_lives(bool tcp)
    {
        await using ManySilos silos = await ManySilos.StartAsync(2, tcp);
        foreach (InProcessSiloHandle from in silos.Silos)
        {
            foreach (InProcessSiloHandle on in silos.Silos)
            {
                IPlaced grain = silos.Placed(on, from);
                Assert.Equal(on.SiloAddress!.ToString(), await grain.Where());
                Assert.Equal(on.SiloAddress!.ToString(), await grain.Where());
            }
        }
    }

    [Fact]
    public async Task Arguments_and_results_cross_small_and_large()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        IPlaced grain = silos.Placed(silos.Silos[1], silos.Silos[0]);
        foreach (int size in new[] { 0, 1, 40_000, 8 * 1024 * 1024 })
        {
            byte[] body = new byte[size];
            new Random(size).NextBytes(body);
            Echo back = await grain.Echo(new Echo("ä", body, -1));
            Assert.Equal(("ä", -1), (back.Text, back.Number));
            Assert.True(back.Body.Span.SequenceEqual(body));
        }
    }

    [Fact]
    public async Task Many_calls_at_once_all_get_their_own_answers()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        IPlaced[] grains = [.. silos.KeysOn(silos.Silos[1]).Take(50).Select(key => silos.Silos[0].Client.GetGrain<IPlaced>(key))];
        Echo[] back = await Task.WhenAll(Enumerable.Range(0, 5_000).Select(i => grains[i % 50].Echo(new Echo($"{i}", default, i))));
        Assert.Equal(Enumerable.Range(0, 5_000), back.Select(echo => echo.Number));
        int[] sums = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => grains[0].Add(1)));
        Assert.Equal(Enumerable.Range(1, 1_000), sums.Order());
    }

    [Fact]
    public async Task Errors_come_back_as_what_callers_catch()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        IPlaced grain = silos.Placed(silos.Silos[1], silos.Silos[0]);
        Assert.Equal("away", (await Assert.ThrowsAsync<StorageUnavailableException>(() => grain.Fail("storage"))).Message);
        Assert.Equal("kind", (await Assert.ThrowsAsync<ArgumentException>(() => grain.Fail("argument"))).ParamName);
        Assert.Equal("x", (await Assert.ThrowsAsync<InvalidOperationException>(() => grain.Fail("x"))).Message);
        var own = await Assert.ThrowsAsync<RemoteGrainException>(() => grain.Fail("own"));
        Assert.EndsWith("OwnException", own.OriginalType);
        Assert.Contains(nameof(PlacedGrain), own.OriginalStackTrace);
    }

    [Fact]
    public async Task A_call_without_an_answer_times_out_and_names_its_chain()
    {
        // The grain never ends, and would hold up the end of the silo.
        await using ManySilos silos = await ManySilos.StartAsync(runtime: limits => limits.StopTimeout = TimeSpan.FromSeconds(3));
        IPlaced grain = silos.Placed(silos.Silos[1], silos.Silos[0]);
        var error = await Assert.ThrowsAsync<TimeoutException>(() => grain.Hang());
        Assert.Contains($"{grain}.Hang", error.Message);
    }

    [Fact]
    public async Task Cancelling_reaches_the_method()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        IPlaced grain = silos.Placed(silos.Silos[1], silos.Silos[0]);
        using var cancel = new CancellationTokenSource();
        Task call = grain.WaitForCancellation(cancel.Token);
        await silos.Gates.NotedAsync("waiting");
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await silos.Gates.NotedAsync("cancelled");
    }

    [Fact]
    public async Task One_way_calls_arrive_and_their_errors_stay_there()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        IPlaced grain = silos.Placed(silos.Silos[1], silos.Silos[0]);
        await grain.Note("a");
        await grain.NoteAndFail("b");
        await silos.Gates.NotedAsync("a");
        await silos.Gates.NotedAsync("b");
        Assert.Equal(1, await grain.Add(1));
    }

    [Fact]
    public async Task Context_values_and_references_travel()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        IPlaced grain = silos.Placed(silos.Silos[1], silos.Silos[0]);
        RequestContext.Set("trace", "t1");
        Assert.Equal("t1", await grain.ContextValue("trace"));
        IPlaced other = silos.Placed(silos.Silos[0], silos.Silos[0]);
        Assert.Equal(silos.Silos[0].SiloAddress!.ToString(), await grain.Ask(other));
    }

    [Fact]
    public async Task A_circle_across_silos_fails_at_once_and_names_the_chain()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        string a = silos.KeysOn(silos.Silos[0]).First(), b = silos.KeysOn(silos.Silos[1]).First();
        var error = await Assert.ThrowsAsync<TimeoutException>(() => silos.Silos[0].Client.GetGrain<IPlaced>(a).AskAround([b, a]));
        Assert.True(error.Message.Contains("would wait for itself"), error.Message);
        Assert.Contains($"placed/{a}.AskAround -> placed/{b}.AskAround -> placed/{a}.AskAround", error.Message);
    }

    [Fact]
    public async Task A_client_calls_silos_and_holds_no_grains()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        InProcessSiloHandle client = await silos.Cluster.StartClientAsync();
        foreach (InProcessSiloHandle on in silos.Silos) Assert.Equal(on.SiloAddress!.ToString(), await silos.Placed(on, client).Where());
        string[] workers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => client.Client.GetGrain<IWorker>("w").Where()));
        Assert.Equal(silos.Silos.Select(silo => silo.SiloAddress!.ToString()).Order(), workers.Distinct().Order());
        Assert.Equal(0, client.Runtime.Catalog.Count);
        Assert.Equal(silos.Silos[1].SiloAddress!.ToString(), await silos.Silos[1].Client.GetGrain<IWorker>("w").Where());
    }

    [Fact]
    public async Task A_stream_delivers_to_consumers_on_other_silos()
    {
        await using ManySilos silos = await ManySilos.StartAsync();
        InProcessSiloHandle here = silos.Silos[0], there = silos.Silos[1];
        string key = silos.KeysOn(there, "echoed").First();
        await silos.Placed(here, here).Publish(key, [new Echo("1", default, 1), new Echo("2", default, 2)]);
        await silos.Gates.NotedAsync($"{key}:1 at {there.SiloAddress}");
        await silos.Gates.NotedAsync($"{key}:2 at {there.SiloAddress}");
        Assert.Equal(2, silos.Gates.Words.Length);
    }
}
