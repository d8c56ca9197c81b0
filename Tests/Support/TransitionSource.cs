using EsoCore.Events;
using EsoCore.Grains.Storage;

namespace EsoCore.Tests.Support;

/// <summary>Makes the transitions of one device to one receiver, each naming the one before it.</summary>
internal sealed class TransitionSource(string stream, string receiver, Guid? device = null)
{
    private TransitionPosition _last;

    public Guid Device { get; } = device ?? Guid.NewGuid();

    /// <summary>The next one.</summary>
    public OutboxEntry Next(TransitionBody body, DateTimeOffset at = default)
    {
        var previous = _last;
        _last = new TransitionPosition(previous.TwinVersion + 1, 0);
        return new OutboxEntry(stream, receiver, new Transition(Device, _last, previous, at, body));
    }
}
