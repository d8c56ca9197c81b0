namespace EsoCore.Grains.Rules;

/// <summary>What the rules remember, as the twin's document holds it.</summary>
internal sealed class StoredRuleMemory
{
    public LevelState[]? Levels { get; set; }

    public PeriodState[]? Periods { get; set; }

    public MutedSensor[]? Mutes { get; set; }

    public WindowMark[]? Windows { get; set; }

    internal static StoredRuleMemory? Of(RuleMemory memory) => memory.IsEmpty ? null : new StoredRuleMemory
    {
        Levels = OrNull(memory.Levels),
        Periods = OrNull(memory.Periods),
        Mutes = OrNull(memory.Mutes),
        Windows = OrNull(memory.Windows),
    };

    internal RuleMemory Read() => new([.. Levels ?? []], [.. Periods ?? []], [.. Mutes ?? []])
    {
        Windows = [.. Windows ?? []],
    };

    private static T[]? OrNull<T>(ImmutableArray<T> items) => items.IsEmpty ? null : [.. items];
}
