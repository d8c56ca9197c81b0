using EsoCore.Grains.Rules.Conditions;
using EsoCore.Rules;

namespace EsoCore.Grains.Rules;

/// <summary>What others need to know of a rule's condition.</summary>
internal static class RuleAccess
{
    /// <summary>
    /// How many distinct devices must be affected within which time; null for a rule that one device alone sets off, and for a condition
    /// that cannot be read. Parses: keep the answer for the rule's version.
    /// </summary>
    internal static DevicesLimit? DevicesOf(RuleDefinition rule) =>
        ConditionReader.Read(rule.Condition, []) is DevicesCondition devices ? new DevicesLimit(devices.Count, devices.Within) : null;
}

/// <summary>So many distinct devices within a time.</summary>
internal readonly record struct DevicesLimit(int DevicesCount, TimeSpan Within);
