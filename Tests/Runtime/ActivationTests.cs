using EsoCore.Runtime;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface ILiving : IGrainWithStringKey
{
    Task<string> Work(string name);

    Task Leave();

    Task<string> WorkAndLeave(string name);

    Task<string> LeaveAndWork(string name);

    Task Stay(TimeSpan time);
}

public abstract class LivingGrain(Probe probe) : Grain, ILiving
{
    private static int s_last;

    private readonly string _id = Interlocked.Increment(ref s_last).ToString();

    protected Probe Probe => probe;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        probe.Note("activating");
        await probe.Gate("activate").WaitAsync(cancellationToken);
        if (probe.Gate("poison").IsCompleted) throw new InvalidOperationException("poisoned");
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Note("deactivating " + reason.ReasonCode);
        await probe.Gate("deactivate").WaitAsync(cancellationToken);
        probe.Note("deactivated");
    }

    public async Task<string> Work(string name)
    {
        probe.Note("begin " + name);
        await probe.Gate(name);
        probe.Note("end " + name);
        return _id;
    }

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task<string> WorkAndLeave(string name)
    {
        await Work(name);
        DeactivateOnIdle();
        return _id;
    }

    public Task<string> LeaveAndWork(string name)
    {
        DeactivateOnIdle();
        return Work(name);
    }

    public Task Stay(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }
}

public sealed class OrdinaryLivingGrain(Probe probe) : LivingGrain(probe);

[KeepAlive]
public sealed class KeptLivingGrain(Probe probe) : LivingGrain(probe);

[CollectionAgeLimit(Minutes = 2)]
public sealed class ShortLivingGrain(Probe probe) : LivingGrain(probe);

public interface IFleeting : IGrainWithStringKey
{
    Task<string> Work(string gate);

    Task<string> LeaveAndAnswer();
}

/// <summary>Leaves as soon as it has come, at once or after waiting, by its key.</summary>
public sealed class FleetingGrain(Probe probe) : Grain, IFleeting
{
    private static int s_last;

    private readonly string _id = Interlocked.Increment(ref s_last).ToString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        string key = this.GetPrimaryKeyString();
        if (key == "stays") return;
        DeactivateOnIdle();
        probe.Note("activating");
        if (key == "waits") await probe.Gate("activate");
    }

    public async Task<string> Work(string gate)
    {
        probe.Note("begin " + gate);
        await probe.Gate(gate);
        return _id;
    }

    public Task<string> LeaveAndAnswer()
    {
        DeactivateOnIdle();
        return Task.FromResult(_id);
    }
}

public interface IBroken : IGrainWithStringKey
{
    Task<int> Work();
}

public sealed class BrokenGrain : Grain, IBroken
{
    private static int s_tries;

    public BrokenGrain()
    {
        if (Interlocked.Increment(ref s_tries) == 1) throw new InvalidOperationException("first time");
    }

    public Task<int> Work() => Task.FromResult(s_tries);
}

public sealed class ActivationTests
{
    [Fact]
    public async Task A_constructor_that_throws_fails_the_caller_and_the_next_call_starts_anew()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IBroken grain = cluster.Client.GetGrain<IBroken>("a");
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(grain.Work);
        Assert.Equal("first time", failure.Message);
        Assert.Equal(0, cluster.Activations);
        Assert.Equal(2, await grain.Work());
    }

    [Fact]
    public async Task A_failing_activation_fails_all_who_wait_and_leaves_nothing_behind()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        ILiving grain = Get<OrdinaryLivingGrain>(cluster);
        Task<string>[] waiting = [grain.Work("1"), grain.Work("2"), grain.Work("3")];
        await cluster.Probe.Noted("activating");
        cluster.Probe.Open("poison");
        cluster.Probe.Open("activate");
        foreach (Task<string> one in waiting)
            Assert.Equal("poisoned", (await Assert.ThrowsAsync<InvalidOperationException>(() => one)).Message);
        Assert.Equal(0, cluster.Activations);
        Assert.DoesNotContain(cluster.Probe.Notes, note => note.StartsWith("deactivating", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_activation_that_takes_too_long_is_cancelled_and_fails_its_callers()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync(
            options => options.ActivationTimeout = TimeSpan.FromSeconds(5));
        ILiving grain = Get<OrdinaryLivingGrain>(cluster);
        Task<string> call = grain.Work("1");
        await cluster.Probe.Noted("activating");
        cluster.Time.Advance(TimeSpan.FromSeconds(6));
        await Assert.ThrowsAnyAsync<Exception>(() => call);
        cluster.Probe.Open("deactivate");
        cluster.Probe.Open("activate");
        cluster.Probe.Open("1");
        await grain.Work("1");
    }

    [Fact]
    public async Task An_idle_grain_is_collected_after_15_minutes_and_not_before()
    {
        await using RuntimeCluster cluster = await OpenAsync();
        ILiving grain = Get<OrdinaryLivingGrain>(cluster);
        string first = await grain.Work("1");
        cluster.Time.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(first, await grain.Work("1"));
        cluster.Time.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(first, await grain.Work("1"));
        cluster.Time.Advance(TimeSpan.FromMinutes(17));
        await cluster.Probe.Noted("deactivating ActivationIdle");
        Assert.NotEqual(first, await grain.Work("1"));
    }

    [Fact]
    public async Task A_class_can_set_its_own_age_or_stay_for_ever()
    {
        await using RuntimeCluster cluster = await OpenAsync();
        ILiving kept = Get<KeptLivingGrain>(cluster), shortLived = Get<ShortLivingGrain>(cluster);
        string id = await kept.Work("1");
        await shortLived.Work("1");
        cluster.Time.Advance(TimeSpan.FromMinutes(4));
        await cluster.Probe.Noted("deactivated");
        cluster.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(id, await kept.Work("1"));
    }

    [Fact]
    public async Task DelayDeactivation_keeps_a_grain_from_being_collected()
    {
        await using RuntimeCluster cluster = await OpenAsync();
        ILiving grain = Get<ShortLivingGrain>(cluster);
        string id = await grain.Work("1");
        await grain.Stay(TimeSpan.FromMinutes(30));
        cluster.Time.Advance(TimeSpan.FromMinutes(29));
        Assert.Equal(id, await grain.Work("1"));
        cluster.Time.Advance(TimeSpan.FromMinutes(5));
        await cluster.Probe.Noted("deactivated");
    }

    [Fact]
    public async Task A_grain_with_a_long_request_is_not_idle()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync(options => options.ResponseTimeout = TimeSpan.FromHours(1));
        cluster.Probe.Open("activate");
        cluster.Probe.Open("deactivate");
        ILiving grain = Get<ShortLivingGrain>(cluster);
        Task<string> call = grain.Work("1");
        await cluster.Probe.Noted("begin 1");
        cluster.Time.Advance(TimeSpan.FromMinutes(30));
        cluster.Probe.Open("1");
        Assert.Equal(await call, await grain.Work("1"));
    }

    [Fact]
    public async Task DeactivateOnIdle_lets_the_running_request_end_and_sends_later_ones_to_a_fresh_activation()
    {
        await using RuntimeCluster cluster = await OpenAsync();
        ILiving grain = Get<OrdinaryLivingGrain>(cluster);
        string first = await grain.Work("1");
        await grain.Leave();
        Task<string>[] later = [grain.Work("2"), grain.Work("1")];
        cluster.Probe.Open("2");
        string[] ids = await Task.WhenAll(later);
        Assert.DoesNotContain(first, ids);
        Assert.Equal(ids[0], ids[1]);
        Assert.Contains("deactivating ApplicationRequested", cluster.Probe.Notes);
    }

    [Fact]
    public async Task Requests_that_wait_when_DeactivateOnIdle_is_called_go_to_a_fresh_activation()
    {
        await using RuntimeCluster cluster = await OpenAsync();
        ILiving grain = Get<OrdinaryLivingGrain>(cluster);
        Task<string> leaving = grain.WorkAndLeave("gate"), waiting = grain.Work("1"), alsoWaiting = grain.Work("1");
        await cluster.Probe.Noted("begin gate");
        cluster.Probe.Open("gate");
        Assert.NotEqual(await leaving, await waiting);
        Assert.Equal(await waiting, await alsoWaiting);
    }

    [Fact]
    public async Task DeactivateOnIdle_takes_effect_before_a_request_that_waits_already()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IFleeting grain = cluster.Client.GetGrain<IFleeting>("stays");
        Task<string> running = grain.Work("gate");
        await cluster.Probe.Noted("begin gate");
        Task<string> leaving = grain.LeaveAndAnswer();
        Task<string>[] waiting = [.. Enumerable.Range(0, 100).Select(_ => grain.Work("gate"))];
        cluster.Probe.Open("gate");
        string first = await running;
        Assert.Equal(first, await leaving);
        string[] ids = await Task.WhenAll(waiting);
        Assert.NotEqual(first, ids[0]);
        Assert.Single(ids.Distinct());
    }

    [Theory]
    [InlineData("waits")]
    [InlineData("leaves at once")]
    public async Task DeactivateOnIdle_while_activating_takes_effect_after_the_calls_that_caused_the_activation(string key)
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IFleeting grain = cluster.Client.GetGrain<IFleeting>(key);
        Task<string> first = grain.Work("gate");
        await cluster.Probe.Noted("activating");
        cluster.Probe.Open("activate");
        await cluster.Probe.Noted("begin gate");
        Task<string> later = grain.Work("gate");
        cluster.Probe.Open("gate");
        Assert.NotEqual(await first, await later);
        await RuntimeCluster.UntilAsync(() => cluster.Activations == 0);
    }

    [Fact]
    public async Task A_grain_about_to_deactivate_waits_for_its_running_request_without_using_a_thread()
    {
        await using RuntimeCluster cluster = await OpenAsync();
        ILiving grain = Get<OrdinaryLivingGrain>(cluster);
        Task<string> leaving = grain.LeaveAndWork("gate"), waiting = grain.Work("1");
        await cluster.Probe.Noted("begin gate");
        await RuntimeCluster.UntilAsync(() => !cluster.Find(grain.GetGrainId())!.IsScheduled);
        cluster.Probe.Open("gate");
        Assert.NotEqual(await leaving, await waiting);
    }

    [Fact]
    public async Task Calls_that_come_during_deactivation_wait_for_its_end()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        cluster.Probe.Open("activate");
        cluster.Probe.Open("1");
        ILiving grain = Get<OrdinaryLivingGrain>(cluster);
        await grain.Leave();
        await cluster.Probe.Noted("deactivating ApplicationRequested");
        Task<string> later = grain.Work("1");
        cluster.Probe.Open("deactivate");
        await later;
        string[] notes = cluster.Probe.Notes;
        Assert.True(Array.IndexOf(notes, "deactivated") < Array.IndexOf(notes, "begin 1"));
    }

    [Fact]
    public async Task A_deactivation_that_takes_too_long_is_given_up()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync(
            options => options.DeactivationTimeout = TimeSpan.FromSeconds(5));
        cluster.Probe.Open("activate");
        cluster.Probe.Open("1");
        ILiving grain = Get<OrdinaryLivingGrain>(cluster);
        string first = await grain.Work("1");
        await grain.Leave();
        await cluster.Probe.Noted("deactivating ApplicationRequested");
        Task<string> later = grain.Work("1");
        cluster.Time.Advance(TimeSpan.FromSeconds(6));
        Assert.NotEqual(first, await later);
        cluster.Probe.Open("deactivate");
    }

    private static async Task<RuntimeCluster> OpenAsync()
    {
        RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        foreach (string gate in new[] { "activate", "deactivate", "1" }) cluster.Probe.Open(gate);
        return cluster;
    }

    private static ILiving Get<T>(RuntimeCluster cluster) => cluster.Client.GetGrain<ILiving>("a", typeof(T).FullName);
}
