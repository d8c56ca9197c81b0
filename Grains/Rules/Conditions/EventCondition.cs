using EsoCore.Wire;

namespace EsoCore.Grains.Rules.Conditions;

/// <summary>An event happens.</summary>
/// <param name="Types">Names; empty: any.</param>
/// <param name="Categories">Categories; empty: any.</param>
/// <param name="MinSeverity">The least severity, or null.</param>
/// <param name="Where">What must hold of the event's meta; all of it.</param>
/// <param name="OutsideOperatingHours">Whether only events outside the operating hours of the device's site count.</param>
/// <param name="Count">How many must happen within <paramref name="Within"/>; 1: each on its own.</param>
/// <param name="Within">1 minute to 30 days where <paramref name="Count"/> is above 1.</param>
/// <param name="Lasting">How long none of <paramref name="RestoredBy"/> must have come; zero: at once.</param>
/// <param name="RestoredBy">Events that end it. Not used where <paramref name="Count"/> is above 1.</param>
/// <param name="Same">A field of meta that events and restoring events must have alike to belong together, or null.</param>
internal sealed record EventCondition(
    ImmutableArray<string> Types,
    ImmutableArray<string> Categories,
    Severity? MinSeverity,
    ImmutableArray<MetaPredicate> Where,
    bool OutsideOperatingHours,
    int Count,
    TimeSpan Within,
    TimeSpan Lasting,
    ImmutableArray<string> RestoredBy,
    string? Same) : Condition
{
    /// <summary>Whether an event ends it.</summary>
    internal bool IsRestored => Count == 1 && !RestoredBy.IsEmpty;

    /// <summary>Whether one event tells nothing without those around it.</summary>
    internal bool NeedsStored => Count > 1 || IsRestored;
}

/// <summary>What must hold of one field of an event's meta.</summary>
/// <param name="Field">Its name.</param>
/// <param name="Types">The events that are held to it; empty: all.</param>
/// <param name="Above">A number above this, or null.</param>
/// <param name="Below">A number below this, or null.</param>
/// <param name="OneOf">One of these texts; empty: not asked.</param>
/// <param name="IfUnknown">What counts when the field (or the rated value) is not known.</param>
internal sealed record MetaPredicate(
    string Field, ImmutableArray<string> Types, Level? Above, Level? Below, ImmutableArray<string> OneOf, bool IfUnknown);
