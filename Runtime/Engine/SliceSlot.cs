using EsoCore.Runtime.CodeGeneration;

namespace EsoCore.Runtime.Engine;

/// <summary>
/// What one pool thread is doing for the engine. The sweeper looks at the slots of all threads, which is how a call times out whose grain
/// is stuck in synchronous code:
/// such an activation has not come far enough to be on the busy list.
/// </summary>
internal sealed class SliceSlot
{
    private const int PruneEvery = 64;

    private static readonly Lock s_gate = new();
    private static readonly List<WeakReference<SliceSlot>> s_slots = [];

    [ThreadStatic]
    private static SliceSlot? t_slot;

    /// <summary>One slice in so many is measured; reading the clock for each would cost as much as a turn.</summary>
    private const int MeasureEvery = 64;

    private int _slices;

    /// <summary>The activation whose slice runs on this thread.</summary>
    public volatile Activation? Current;

    /// <summary>The last request answered to a caller outside, to be completed when the slice has ended.</summary>
    public GrainRequest? Tail;

    public static SliceSlot OfThisThread => t_slot ??= Register();

    /// <summary>
    /// The context of a thread that carries none. Taken where a slice begins: only there is it sure that no caller's values are in it.
    /// </summary>
    public static ExecutionContext PlainContext { get; private set; } = null!;

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

    /// <summary>A timestamp if this slice is to be measured, else 0.</summary>
    public long BeginMeasuring(GrainRuntime runtime) => ++_slices % MeasureEvery == 0 ? runtime.TimeProvider.GetTimestamp() : 0;

    /// <summary>Has the waiting answer completed by another thread, because this one has more to do.</summary>
    public void SendTail()
    {
        if (Tail is not { } tail) return;
        Tail = null;
        ThreadPool.UnsafeQueueUserWorkItem(tail, preferLocal: false);
    }

    private static SliceSlot Register()
    {
        var slot = new SliceSlot();
        PlainContext ??= ExecutionContext.Capture()!;
        lock (s_gate)
        {
            // Threads of the pool come and go; only the thread itself holds its slot.
            if (s_slots.Count % PruneEvery == PruneEvery - 1) s_slots.RemoveAll(reference => !reference.TryGetTarget(out _));
            s_slots.Add(new WeakReference<SliceSlot>(slot));
        }

        return slot;
    }
}
