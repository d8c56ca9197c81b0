using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// What one pool thread is doing for the engine. The sweeper looks at the slots of all threads, which is how a call times out whose grain is stuck in synchronous code:
/// such an activation has not come far enough to be on the busy list.
/// </summary>
internal sealed class SliceSlot
{
    private const int PruneEvery = 64;

    private static readonly Lock s_gate = new();
    private static readonly List<WeakReference<SliceSlot>> s_slots = [];

    [ThreadStatic]
    private static SliceSlot? t_slot;

    /// <summary>The activation whose slice runs on this thread.</summary>
    public volatile Activation? Current;

    /// <summary>The last request answered to a caller outside, to be completed when the slice has ended.</summary>
    public GrainRequest? Tail;

    public static SliceSlot OfThisThread => t_slot ??= Register();

    /// <summary>The activation whose slice runs on this thread, without making a slot.</summary>
    public static Activation? CurrentActivation => t_slot?.Current;

    public static void ForEachCurrent(Action<Activation> action)
    {
        lock (s_gate)
        {
            foreach (WeakReference<SliceSlot> reference in s_slots)
            {
                if (reference.TryGetTarget(out SliceSlot? slot) && slot.Current is { } activation) action(activation);
            }
        }
    }

    private static SliceSlot Register()
    {
        var slot = new SliceSlot();
        lock (s_gate)
        {
            // Threads of the pool come and go; only the thread itself holds its slot.
            if (s_slots.Count % PruneEvery == PruneEvery - 1) s_slots.RemoveAll(reference => !reference.TryGetTarget(out _));
            s_slots.Add(new WeakReference<SliceSlot>(slot));
        }

        return slot;
    }
}
