using EsoCore.Runtime;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface IBusy : IGrainWithStringKey
{
    Task<int> Order();

    Task Spin(string until);

    Task<int> Escape(string how);

    Task Hold(string gate);

    /// <summary>Holds the grain's thread as well, so that nothing in its mailbox moves.</summary>
    Task Block(string gate);
}

public sealed class BusyGrain(Probe probe) : Grain, IBusy
{
    private int _order;

    public Task<int> Order() => Task.FromResult(++_order);

    /// <summary>Keeps the grain busy with endless short turns.</summary>
    public async Task Spin(string until)
    {
        probe.Note("spinning");
        while (!probe.Gate(until).IsCompleted) await Task.Yield();
    }

    /// <summary>Begins continuations in every way there is and says how many of them ran outside the grain's turns.</summary>
    public async Task<int> Escape(string how)
    {
        TaskScheduler turns = TaskScheduler.Current;
        int outside = 0;
        Task pause = Task.Run(() => probe.Gate("open"));
        Task work = how switch
        {
            "ContinueWith" => pause.ContinueWith(_ => Check()),
            "StartNew" => Task.Factory.StartNew(Check),
            "WhenAll" => Task.WhenAll(Enumerable.Range(0, 20).Select(_ => CheckLaterAsync(pause))),
            _ => CheckLaterAsync(pause),
        };
        probe.Open("open");
        await work;
        Check();
        return outside;

        async Task CheckLaterAsync(Task task)
        {
            await task;
            Check();
            await Task.Yield();
            Check();
        }

        void Check()
        {
            if (!ReferenceEquals(TaskScheduler.Current, turns)) outside++;
        }
    }

    public Task Hold(string gate)
    {
        probe.Note("held");
        return probe.Gate(gate);
    }

    public Task Block(string gate)
    {
        probe.Note("blocked");
        probe.Gate(gate).Wait();
        return Task.CompletedTask;
    }
}

public sealed class FairnessTests
{
    [Fact]
    public async Task Callers_of_one_grain_are_served_in_order()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IBusy grain = cluster.Client.GetGrain<IBusy>("a");
        Task hold = grain.Hold("h");
        Task<int>[] calls = [.. Enumerable.Range(0, 500).Select(_ => grain.Order())];
        cluster.Probe.Open("h");
        await hold;
        Assert.Equal(Enumerable.Range(1, 500), await Task.WhenAll(calls));
    }

    [Fact]
    public async Task Grains_that_are_always_busy_do_not_keep_others_from_being_served()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        int grains = 4 * Environment.ProcessorCount;
        Task[] busy = [.. Enumerable.Range(0, grains).Select(i => cluster.Client.GetGrain<IBusy>($"busy-{i}").Spin("enough"))];
        await cluster.Probe.Noted("spinning");
        for (int i = 0; i < 100; i++) await cluster.Client.GetGrain<IBusy>($"calm-{i}").Order();
        cluster.Probe.Open("enough");
        await Task.WhenAll(busy);
    }

    [Theory]
    [InlineData("await")]
    [InlineData("ContinueWith")]
    [InlineData("StartNew")]
    [InlineData("WhenAll")]
    public async Task Every_kind_of_continuation_runs_in_the_turns_of_its_grain(string how)
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        Assert.Equal(0, await cluster.Client.GetGrain<IBusy>("a").Escape(how));
    }

    [Fact]
    public async Task The_caller_of_a_grain_does_not_continue_in_the_turns_of_the_grain()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        await Task.Run(async () =>
        {
            await cluster.Client.GetGrain<IBusy>("a").Order();
            Assert.Same(TaskScheduler.Default, TaskScheduler.Current);
        });
    }

    [Fact]
    public async Task An_answer_does_not_wait_for_the_next_call_of_the_grain()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IChained grain = cluster.Client.GetGrain<IChained>("a");
        Task first = grain.Pass([]), blocking = grain.Block("latch");
        await cluster.Probe.Noted("at a");
        cluster.Probe.Open("end");
        try
        {
            await first.WaitAsync(Probe.Patience);
        }
        finally
        {
            cluster.Probe.Open("latch");
        }

        await blocking;
    }

    [Fact]
    public async Task An_outside_caller_that_blocks_its_thread_gets_its_answer()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        await Task.Run(async () =>
        {
            IBusy grain = cluster.Client.GetGrain<IBusy>("a");
            Task<int> first = grain.Order();
            await first;
            Task<int>[] others = [.. Enumerable.Range(0, 10).Select(_ => grain.Order())];
            Task.WhenAll(others).Wait();
        });
    }

    [Fact]
    public async Task Beyond_the_mailbox_limit_callers_are_refused_and_the_rest_is_served()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync(options => options.MailboxLimit = 10);
        IBusy grain = cluster.Client.GetGrain<IBusy>("a");

        // The count is exact as long as nothing is on its way from the inbox to the line of those who wait.
        Task block = grain.Block("h");
        await cluster.Probe.Noted("blocked");
        Task<int>[] calls = [.. Enumerable.Range(0, 15).Select(_ => grain.Order())];
        cluster.Probe.Open("h");
        foreach (Task<int> refused in calls[10..])
            await Assert.ThrowsAsync<LimitExceededException>(() => refused);
        var refusal = await Assert.ThrowsAsync<LimitExceededException>(() => calls[10]);
        Assert.Contains("MailboxLimit", refusal.Message);
        await block;
        Assert.Equal(Enumerable.Range(1, 10), await Task.WhenAll(calls.Take(10)));
    }
}
