using EsoCore.Events;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Events;

/// <summary>
/// Confirms transitions for a receiver that keeps nothing of its own, because what they tell is stored with the device already. Nobody
/// waits for it: what comes meanwhile is confirmed together, and what is lost the outbox sends again. Used from the grain's turns only.
/// </summary>
/// <param name="stream">The stream's name, one of <see cref="TransitionStreams"/>.</param>
/// <param name="receiver">The grain's key.</param>
/// <param name="outbox">Where to confirm.</param>
/// <param name="log">The grain's log.</param>
internal sealed class TransitionConfirmer(string stream, string receiver, IOutboxStore outbox, ILogger log)
{
    /// <summary>Transitions confirmed in one go.</summary>
    public const int MaxAtOnce = 1_000;

    /// <summary>Transitions that may wait; those beyond are left to be sent again.</summary>
    public const int MaxWaiting = 20_000;

    private readonly HashSet<TransitionId> _waiting = [];
    private bool _isRunning;

    /// <summary>Confirms these, now or with others in a moment.</summary>
    public void Confirm(ImmutableArray<Transition> items)
    {
        foreach (var item in items)
        {
            if (_waiting.Count < MaxWaiting)
                _waiting.Add(new TransitionId(item.DeviceId, item.Position));
        }

        if (!_isRunning)
            _ = Run();
    }

    private async Task Run()
    {
        _isRunning = true;
        try
        {
            while (_waiting.Count > 0)
            {
                ImmutableArray<TransitionId> next = [.. _waiting.Take(MaxAtOnce)];
                _waiting.ExceptWith(next);
                await outbox.Confirm(stream, receiver, next, CancellationToken.None);
            }
        }
        catch (Exception error)
        {
            // The outbox sends these again, and as repeats they will be confirmed then.
            log.LogWarning(error, "Could not confirm transitions of {Stream} to {Receiver}", stream, receiver);
        }
        finally
        {
            _isRunning = false;
        }
    }
}
