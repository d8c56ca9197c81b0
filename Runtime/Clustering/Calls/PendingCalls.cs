using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// The calls that wait for an answer of one process, by number. A number is a slot and how often the slot was used, so that an answer that
/// comes late never meets another call; it is never 0, which stands for a call that nobody waits for. The owner's lock guards it.
/// </summary>
internal sealed class PendingCalls
{
    private const int InitialSlots = 16;

    private GrainRequest?[] _requests = new GrainRequest?[InitialSlots];
    private GrainId[] _grains = new GrainId[InitialSlots];
    private uint[] _uses = new uint[InitialSlots];
    private int[] _free = new int[InitialSlots];
    private int _freeCount;
    private int _top;

    public int Count => _top - _freeCount;

    public ulong Add(GrainRequest request, GrainId grain)
    {
        int slot = _freeCount > 0 ? _free[--_freeCount] : TakeNew();
        (_requests[slot], _grains[slot]) = (request, grain);

        // Never 0, which stands for nobody waiting.
        if (_uses[slot] == 0) _uses[slot] = 1;
        return (ulong)_uses[slot] << 32 | (uint)slot;
    }

    /// <summary>Takes the call with this number out; null if there is none.</summary>
    public GrainRequest? Take(ulong number)
    {
        uint slot = (uint)number;
        if (slot >= _top || _uses[slot] != (uint)(number >> 32) || _requests[slot] is not { } request) return null;
        Free((int)slot);
        return request;
    }

    /// <summary>Lets go of calls that have ended, and returns those whose time is over.</summary>
    public List<PendingCall> Sweep(long nowMs)
    {
        List<PendingCall> overdue = [];
        for (int slot = 0; slot < _top; slot++)
        {
            if (_requests[slot] is not { } request) continue;
            if (!request.IsClaimed && request.DeadlineMs >= nowMs) continue;
            if (!request.IsClaimed) overdue.Add(new PendingCall(request, _grains[slot]));
            Free(slot);
        }

        return overdue;
    }

    public List<PendingCall> TakeAll()
    {
        List<PendingCall> all = [];
        for (int slot = 0; slot < _top; slot++)
        {
            if (_requests[slot] is not { } request) continue;
            all.Add(new PendingCall(request, _grains[slot]));
            Free(slot);
        }

        return all;
    }

    private int TakeNew()
    {
        if (_top == _requests.Length)
        {
            Array.Resize(ref _requests, 2 * _top);
            Array.Resize(ref _grains, 2 * _top);
            Array.Resize(ref _uses, 2 * _top);
            Array.Resize(ref _free, 2 * _top);
        }

        _uses[_top] = 1;
        return _top++;
    }

    private void Free(int slot)
    {
        (_requests[slot], _grains[slot]) = (null, default);
        if (++_uses[slot] == 0) _uses[slot] = 1;
        _free[_freeCount++] = slot;
    }
}

/// <summary>A call and the grain that it is for.</summary>
internal readonly record struct PendingCall(GrainRequest Request, GrainId Grain);
