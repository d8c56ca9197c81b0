using EsoCore.Events;
using EsoCore.Grains.Storage;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Events;

/// <summary>Takes the effect of one transition.</summary>
/// <param name="transition">The transition.</param>
/// <param name="flags">The flags of its source so far.</param>
/// <returns>The flags afterwards. When it throws, the receiver's state must be as before.</returns>
internal delegate byte ApplyTransition(Transition transition, byte flags);

/// <summary>
/// The receiving end of a transition stream within a grain: judges each transition, takes effects into memory, and confirms them once the
/// grain has written its state. Used from the grain's turns only.
/// </summary>
/// <param name="stream">The stream's name, one of <see cref="TransitionStreams"/>.</param>
/// <param name="receiver">The grain's key.</param>
/// <param name="maxSources">Sources that the receiver follows; those that come when it is full are confirmed without effect.</param>
/// <param name="outbox">Where to confirm.</param>
/// <param name="log">The grain's log.</param>
internal sealed class TransitionInbox(string stream, string receiver, int maxSources, IOutboxStore outbox, ILogger log)
{
    /// <summary>Transitions that may wait for the state to be written before a write is due at once.</summary>
    public const int MaxUnconfirmed = 20_000;

    private readonly HashSet<TransitionId> _unconfirmed = [];
    private bool _fullTold;

    /// <summary>The sources with their marks, as in memory.</summary>
    public SourceTable Sources { get; private set; } = new();

    /// <summary>Whether memory holds effects that are not yet written.</summary>
    public bool HasUnwritten { get; private set; }

    /// <summary>Whether memory is worth nothing any more: a write failed, and the store could not be read again either.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Whether a write must not be put off any longer.</summary>
    public bool IsWriteDue => _unconfirmed.Count >= MaxUnconfirmed;

    /// <summary>Begins from what is stored; whatever memory held beyond it is forgotten, and the outbox will send it again.</summary>
    public void Load(ReadOnlyMemory<byte> sources)
    {
        Sources = SourceTable.Unpack(sources.Span);
        HasUnwritten = false;
        _unconfirmed.Clear();
    }

    /// <summary>Takes a list into memory. Nothing in it can stop the rest of it.</summary>
    public void Receive(TransitionList list, ApplyTransition apply)
    {
        // Effects taken onto lost memory would be written over what is stored.
        if (IsLost)
            return;
        foreach (var transition in list.Items)
        {
            if (Take(transition, apply))
                _unconfirmed.Add(new TransitionId(transition.DeviceId, transition.Position));
        }
    }

    /// <summary>
    /// Writes what was received (when there is anything to write) and then confirms it. When the write fails nothing is confirmed, and
    /// memory starts from the store again: whether the write took place only the store can tell.
    /// </summary>
    /// <param name="write">Writes the grain's state.</param>
    /// <param name="reload">Reads it again and calls <see cref="Load"/>.</param>
    /// <param name="giveUp">Called when that fails too: the grain is to end, so that its next activation reads.</param>
    public async Task Commit(Func<Task> write, Func<Task> reload, Action giveUp)
    {
        if (IsLost)
            return;
        try
        {
            if (HasUnwritten)
                await write();
            HasUnwritten = false;
        }
        catch (Exception error)
        {
            log.LogWarning(error, "{Receiver} could not be written; its transitions are sent again", receiver);
            await Forget(reload, giveUp);
            return;
        }

        await Confirm();
    }

    private async Task Forget(Func<Task> reload, Action giveUp)
    {
        _unconfirmed.Clear();
        try
        {
            await reload();
        }
        catch (Exception error)
        {
            log.LogWarning(error, "{Receiver} could not be read again; its next call starts it afresh", receiver);
            IsLost = true;
            giveUp();
        }
    }

    private async Task Confirm()
    {
        if (_unconfirmed.Count == 0)
            return;
        ImmutableArray<TransitionId> confirmed = [.. _unconfirmed];
        _unconfirmed.Clear();
        try
        {
            await outbox.Confirm(stream, receiver, confirmed, CancellationToken.None);
        }
        catch (Exception error)
        {
            // The effects are written. The outbox sends these again, and as repeats they will be confirmed then.
            log.LogWarning(error, "Could not confirm {Count} transitions of {Stream} to {Receiver}", confirmed.Length, stream, receiver);
        }
    }

    /// <summary>Whether the transition is to be confirmed.</summary>
    private bool Take(Transition transition, ApplyTransition apply)
    {
        var source = Sources[transition.DeviceId];
        if (Sources.Count >= maxSources && !Sources.Contains(transition.DeviceId))
            return TellFull(transition);

        switch (TransitionReceiver.Judge(source.Mark, transition))
        {
            case TransitionVerdict.Repeat:
                return true;
            case TransitionVerdict.Gap:
                return false;
        }

        var flags = source.Flags;
        try
        {
            flags = apply(transition, flags);
        }
        catch (Exception error)
        {
            // Skipped for good: sent again it would fail again, and everything behind it would wait for ever.
            log.LogError(error, "Skipped a transition of device {DeviceId} at {Position} to {Receiver}",
                transition.DeviceId, transition.Position, receiver);
        }

        Sources[transition.DeviceId] = new Source(transition.Position, flags);
        HasUnwritten = true;
        return true;
    }

    private bool TellFull(Transition transition)
    {
        if (!_fullTold)
            log.LogError("{Receiver} follows {Max} devices and can take no more: device {DeviceId} is left out", receiver, maxSources, transition.DeviceId);
        _fullTold = true;
        return true;
    }
}
