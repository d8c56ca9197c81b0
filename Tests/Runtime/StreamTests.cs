using EsoCore.Runtime;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EsoCore.Tests.Runtime;

public interface IListening : IGrainWithStringKey
{
    Task Publish(string ns, string key, int[] items);

    Task Leave();
}

[ImplicitStreamSubscription("single")]
public sealed class ListeningGrain(Probe probe) : Grain, IListening, IStreamSubscriptionObserver
{
    public async Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory)
    {
        probe.Note("subscribed " + handleFactory.StreamId);
        await handleFactory.Create<int>().ResumeAsync(OnItemAsync);
    }

    public Task Publish(string ns, string key, int[] items) =>
        this.GetStreamProvider(RuntimeCluster.Streams).GetStream<int>(StreamId.Create(ns, key)).OnNextBatchAsync(items);

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private async Task OnItemAsync(int item, StreamSequenceToken? token)
    {
        // Asked before the note, upon which a test may open the gate.
        bool fails = item == 13 && !probe.Gate("13 is fine").IsCompleted;
        probe.Note($"{this.GetPrimaryKeyString()} {item}");
        if (item < 0) await probe.Gate("never " + item);
        if (fails) throw new InvalidOperationException("13");
    }
}

public interface IBatchListening : IGrainWithStringKey;

[ImplicitStreamSubscription("batch")]
public sealed class BatchListeningGrain(Probe probe) : Grain, IBatchListening, IStreamSubscriptionObserver
{
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<int>().ResumeAsync(OnItemsAsync);

    private async Task OnItemsAsync(IList<SequentialItem<int>> items)
    {
        probe.Note("taken " + items[0].Item);
        await probe.Gate("batch");
        if (items.Any(item => item.Item == 13)) throw new InvalidOperationException("13");
        probe.Note("batch " + string.Join(",", items.Select(item => item.Item)));
    }
}

public sealed class StreamTests
{
    [Fact]
    public async Task Items_are_delivered_in_order_to_the_grain_with_the_streams_key()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        cluster.Probe.Open("13 is fine");
        IAsyncStream<int> stream = cluster.Client.GetStreamProvider(RuntimeCluster.Streams).GetStream<int>(StreamId.Create("single", "a"));
        for (int i = 1; i <= 300; i++) await stream.OnNextAsync(i);
        await cluster.Client.GetStreamProvider(RuntimeCluster.Streams).GetStream<int>("single", "b").OnNextAsync(7);
        await cluster.Probe.Noted("a 300");
        await cluster.Probe.Noted("b 7");
        Assert.Equal(["subscribed single/a", .. Enumerable.Range(1, 300).Select(i => $"a {i}")],
            cluster.Probe.Notes.Where(note => note.StartsWith('a') || note.EndsWith("/a", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_grain_can_publish_to_its_own_stream_without_waiting_for_itself()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        await cluster.Client.GetGrain<IListening>("a").Publish("single", "a", [1, 2, 3]);
        await cluster.Probe.Noted("a 3");
    }

    [Fact]
    public async Task A_namespace_without_subscribers_takes_items_and_forgets_them()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        await cluster.Client.GetGrain<IListening>("a").Publish("nobody", "a", [1, 2, 3]);
        Assert.Equal(0, Provider(cluster).QueueCount);
    }

    [Fact]
    public async Task The_next_activation_is_subscribed_anew()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IListening grain = cluster.Client.GetGrain<IListening>("a");
        await grain.Publish("single", "a", [1]);
        await cluster.Probe.Noted("a 1");
        await grain.Leave();
        await grain.Publish("single", "a", [2]);
        await cluster.Probe.Noted("a 2");
        Assert.Equal(2, cluster.Probe.Notes.Count(note => note == "subscribed single/a"));
    }

    [Fact]
    public async Task A_failed_item_is_tried_again_with_growing_pauses_and_the_rest_follows()
    {
        await using RuntimeCluster cluster = await StartPatientAsync();
        await cluster.Client.GetGrain<IListening>("a").Publish("single", "a", [1, 13, 2]);
        await SeenAsync(cluster, "a 13", 1);
        cluster.Probe.Open("13 is fine");
        await AdvanceUntilAsync(cluster, cluster.Probe.Noted("a 2"));
        Assert.Equal(["a 1", "a 13", "a 13", "a 2"], cluster.Probe.Notes.Where(note => note.StartsWith("a ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_item_that_keeps_failing_is_dropped_after_four_attempts()
    {
        await using RuntimeCluster cluster = await StartPatientAsync();
        await cluster.Client.GetGrain<IListening>("a").Publish("single", "a", [13, 1]);
        await AdvanceUntilAsync(cluster, cluster.Probe.Noted("a 1"));
        Assert.Equal(StreamQueue.MaxAttempts, cluster.Probe.Notes.Count(note => note == "a 13"));
    }

    [Fact]
    public async Task A_batch_consumer_gets_what_has_come_together_and_only_the_culprit_is_dropped()
    {
        await using RuntimeCluster cluster = await StartPatientAsync();
        IListening publisher = cluster.Client.GetGrain<IListening>("p");
        await publisher.Publish("batch", "a", [1, 2, 3]);
        await cluster.Probe.Noted("taken 1");
        await publisher.Publish("batch", "a", [4, 13, 5]);
        cluster.Probe.Open("batch");
        await AdvanceUntilAsync(cluster, cluster.Probe.Noted("batch 5"));
        Assert.Equal(["batch 1,2,3", "batch 4", "batch 5"], Batches(cluster));
    }

    [Fact]
    public async Task A_full_queue_drops_the_newest_items()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync(options => options.StreamQueueLimit = 5);
        IListening publisher = cluster.Client.GetGrain<IListening>("p");
        await publisher.Publish("batch", "a", [1, 2, 3]);
        await cluster.Probe.Noted("taken 1");
        await publisher.Publish("batch", "a", [4, 5, 6, 7]);
        cluster.Probe.Open("batch");
        await cluster.Probe.Noted("batch 4,5");
        await RuntimeCluster.UntilAsync(() => Provider(cluster).QueueCount == 0);
        Assert.Equal(["batch 1,2,3", "batch 4,5"], Batches(cluster));
    }

    [Fact]
    public async Task A_stopping_silo_gives_up_what_streams_still_hold()
    {
        RuntimeCluster cluster = await StartPatientAsync();
        MemoryStreamProvider provider = Provider(cluster);
        await cluster.Client.GetGrain<IListening>("p").Publish("batch", "a", [1]);
        await cluster.Probe.Noted("taken 1");
        await cluster.Client.GetGrain<IListening>("p").Publish("batch", "a", [2, 3]);
        Task stopped = cluster.StopAsync();
        await RuntimeCluster.UntilAsync(() => provider.Runtime.IsStopping);
        cluster.Probe.Open("batch");
        await stopped;
        await RuntimeCluster.UntilAsync(() => provider.QueueCount == 0);
        Assert.Equal(["batch 1"], Batches(cluster));
    }

    [Fact]
    public async Task An_idle_stream_holds_no_memory()
    {
        await using RuntimeCluster cluster = await RuntimeCluster.StartAsync();
        IListening grain = cluster.Client.GetGrain<IListening>("a");
        await grain.Publish("single", "a", [1]);
        await cluster.Probe.Noted("a 1");
        await RuntimeCluster.UntilAsync(() => Provider(cluster).QueueCount == 0);
    }

    private static IEnumerable<string> Batches(RuntimeCluster cluster) =>
        cluster.Probe.Notes.Where(note => note.StartsWith("batch ", StringComparison.Ordinal));

    /// <summary>With a response timeout that all pauses together do not reach.</summary>
    private static Task<RuntimeCluster> StartPatientAsync() =>
        RuntimeCluster.StartAsync(options => options.ResponseTimeout = TimeSpan.FromHours(1));

    private static MemoryStreamProvider Provider(RuntimeCluster cluster) =>
        (MemoryStreamProvider)cluster.Services.GetRequiredService<IClusterClient>().GetStreamProvider(RuntimeCluster.Streams);

    private static Task SeenAsync(RuntimeCluster cluster, string note, int times) =>
        RuntimeCluster.UntilAsync(() => cluster.Probe.Notes.Count(seen => seen == note) >= times);

    /// <summary>
    /// Moves the clock in small steps while a delivery pauses, and only then: it would run far ahead of a grain that gets no processor,
    /// whose call would time out. What is awaited has a bound of its own.
    /// </summary>
    private static async Task AdvanceUntilAsync(RuntimeCluster cluster, Task end)
    {
        while (!end.IsCompleted)
        {
            if (cluster.IsPausing) cluster.Time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        await end;
    }
}
