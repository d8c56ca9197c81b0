using System.Threading.Channels;

namespace EsoCore.Benchmarks.Engine;

/// <summary>
/// The baseline: what one writes without an engine, a channel per actor, a loop that reads it, and a completion source per answer.
/// </summary>
internal sealed class ChannelActor
{
    private readonly Channel<(int Value, TaskCompletionSource<int> Answer)> _mailbox =
        Channel.CreateUnbounded<(int, TaskCompletionSource<int>)>(new UnboundedChannelOptions { SingleReader = true });

    private int _sum;

    public ChannelActor() => _ = RunAsync();

    public Task<int> Add(int value)
    {
        var answer = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _mailbox.Writer.TryWrite((value, answer));
        return answer.Task;
    }

    public void Stop() => _mailbox.Writer.Complete();

    private async Task RunAsync()
    {
        await foreach ((int value, TaskCompletionSource<int> answer) in _mailbox.Reader.ReadAllAsync()) answer.SetResult(_sum += value);
    }
}
