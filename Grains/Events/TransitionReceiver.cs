using EsoCore.Events;

namespace EsoCore.Grains.Events;

/// <summary>What a receiver does with a transition.</summary>
internal enum TransitionVerdict
{
    /// <summary>It is the next one of its source: take its effect and move the mark.</summary>
    Apply,

    /// <summary>Its effect was taken before: only confirm it again, because the first confirmation may have been lost.</summary>
    Repeat,

    /// <summary>One before it is missing: neither take nor confirm it. The outbox sends both again, in order.</summary>
    Gap,
}

/// <summary>
/// The rule by which receivers take transitions, whatever the stream lost, repeated or swapped. A receiver keeps one mark per source, the
/// position of the last transition taken, in the same write as the effects.
/// </summary>
internal static class TransitionReceiver
{
    /// <summary>What to do with a transition when the mark of its source stands at <paramref name="mark"/>.</summary>
    public static TransitionVerdict Judge(TransitionPosition mark, Transition transition) =>
        transition.Position.CompareTo(mark) <= 0 ? TransitionVerdict.Repeat
        : transition.Previous.CompareTo(mark) <= 0 ? TransitionVerdict.Apply
        : TransitionVerdict.Gap;
}
