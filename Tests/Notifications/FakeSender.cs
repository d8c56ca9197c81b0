using System.Collections.Immutable;
using EsoCore.Grains.Notifications;
using EsoCore.Tests.Support;

namespace EsoCore.Tests.Notifications;

/// <summary>A channel that keeps what it is given and answers as a test wants.</summary>
internal sealed class FakeSender(string kind, Func<DateTimeOffset> now) : IChannelSender
{
    private readonly Waiting<(OutgoingMessage Message, DateTimeOffset At)> _sent = new();

    public string Kind => kind;

    public Func<OutgoingMessage, Task<SendResult>> Answer { get; set; } = _ => Task.FromResult(SendResult.Delivered("ok"));

    public ImmutableArray<(OutgoingMessage Message, DateTimeOffset At)> Sent => _sent.Items;

    public Task<SendResult> Send(OutgoingMessage message, CancellationToken cancel)
    {
        _sent.Add((message, now()));
        return Answer(message);
    }

    public Task<ImmutableArray<(OutgoingMessage Message, DateTimeOffset At)>> Until(int count) => _sent.Until(count);
}
