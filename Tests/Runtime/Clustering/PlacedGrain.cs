using EsoCore.Runtime;
using EsoCore.Runtime.Clustering;
using EsoCore.Runtime.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace EsoCore.Tests.Runtime.Clustering;

[GenerateSerializer, Immutable, Alias("test-echo")]
public sealed record Echo(string Text, ReadOnlyMemory<byte> Body, int Number);

/// <summary>A grain that tells where it lives, and does on demand what calls across silos have to stand.</summary>
public interface IPlaced : IGrainWithStringKey
{
    Task<string> Where();

    Task<int> Add(int value);

    Task<Echo> Echo(Echo echo);

    Task Fail(string kind);

    [ResponseTimeout("00:00:02")]
    Task Hang();

    Task WaitForCancellation(CancellationToken cancel);

    /// <summary>Ends when the gate of this name is opened.</summary>
    Task<int> WaitForGate(string gate);

    [OneWay]
    Task Note(string word);

    [OneWay]
    Task NoteAndFail(string word);

    Task<string?> ContextValue(string name);

    Task<string> Ask(IPlaced other);

    [ResponseTimeout("00:00:20")]
    Task<string> AskAround(string[] keys);

    Task Publish(string key, Echo[] items);
}

public sealed class PlacedGrain(GateKeeper gates, IClusterStatus status) : Grain, IPlaced
{
    private int _sum;

    public Task<string> Where() => Task.FromResult(status.Self!.ToString());

    public Task<int> Add(int value) => Task.FromResult(_sum += value);

    public Task<Echo> Echo(Echo echo) => Task.FromResult(echo);

    public async Task Fail(string kind)
    {
        await Task.Yield();
        throw kind switch
        {
            "storage" => new EsoCore.History.StorageUnavailableException("away"),
            "argument" => new ArgumentException("bad", "kind"),
            "own" => new OwnException(kind),
            _ => new InvalidOperationException(kind),
        };
    }

    public Task Hang() => new TaskCompletionSource().Task;

    public async Task WaitForCancellation(CancellationToken cancel)
    {
        gates.Note("waiting");
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel);
        }
        finally
        {
            gates.Note("cancelled");
        }
    }

    public async Task<int> WaitForGate(string gate)
    {
        gates.Note("at the gate");
        await gates.Gate(gate).Task;
        return ++_sum;
    }

    public Task Note(string word)
    {
        gates.Note(word);
        return Task.CompletedTask;
    }

    public Task NoteAndFail(string word)
    {
        gates.Note(word);
        throw new InvalidOperationException(word);
    }

    public Task<string?> ContextValue(string name) => Task.FromResult(RequestContext.Get(name) as string);

    public async Task<string> Ask(IPlaced other) => await other.Where();

    public async Task<string> AskAround(string[] keys) =>
        keys.Length == 0 ? this.GetPrimaryKeyString() : await GrainFactory.GetGrain<IPlaced>(keys[0]).AskAround(keys[1..]);

    public Task Publish(string key, Echo[] items) =>
        this.GetStreamProvider(RuntimeCluster.Streams).GetStream<Echo>(StreamId.Create("echoes", key)).OnNextBatchAsync(items);

    private sealed class OwnException(string message) : Exception(message);
}

/// <summary>Receives what is published to "echoes".</summary>
public interface IEchoed : IGrainWithStringKey
{
    Task<string> Where();
}

[ImplicitStreamSubscription("echoes")]
public sealed class EchoedGrain(GateKeeper gates, IClusterStatus status) : Grain, IEchoed, IStreamSubscriptionObserver
{
    public Task<string> Where() => Task.FromResult(status.Self!.ToString());

    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<Echo>().ResumeAsync((item, _) =>
        {
            gates.Note($"{this.GetPrimaryKeyString()}:{item.Text} at {status.Self}");
            return Task.CompletedTask;
        });
}

/// <summary>A grain with a reminder, which notes each tick and where it came.</summary>
public interface IWoken : IGrainWithStringKey
{
    Task Register();

    Task RegisterDaily(TimeSpan first);

    Task Unregister();
}

public sealed class WokenGrain(GateKeeper gates, IClusterStatus status) : Grain, IWoken, IRemindable
{
    public Task Register() => this.RegisterOrUpdateReminder("wake", TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));

    public Task RegisterDaily(TimeSpan first) => this.RegisterOrUpdateReminder("wake", first, TimeSpan.FromDays(1));

    public async Task Unregister() => await this.UnregisterReminder((await this.GetReminder("wake"))!);

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        gates.Note($"woken {this.GetPrimaryKeyString()} at {Here}");
        return Task.CompletedTask;
    }

    private SiloAddress Here => status.Self!;
}

/// <summary>Tells where it runs; any silo may run it.</summary>
public interface IWorker : IGrainWithStringKey
{
    Task<string> Where();
}

[StatelessWorker]
public sealed class WorkerGrain(IClusterStatus status) : Grain, IWorker
{
    public Task<string> Where() => Task.FromResult(status.Self!.ToString());
}

/// <summary>Shared by all silos of a test: gates that grains wait at, and words they leave.</summary>
public sealed class GateKeeper
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, TaskCompletionSource> _gates = [];
    private readonly List<string> _words = [];

    public string[] Words
    {
        get
        {
            lock (_gate) return [.. _words];
        }
    }

    public TaskCompletionSource Gate(string name)
    {
        lock (_gate)
        {
            if (!_gates.TryGetValue(name, out TaskCompletionSource? found))
                _gates[name] = found = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return found;
        }
    }

    public void Note(string word)
    {
        lock (_gate) _words.Add(word);
    }

    public Task NotedAsync(string word, int times = 1) => RuntimeCluster.UntilAsync(() => Words.Count(one => one == word) >= times);
}
