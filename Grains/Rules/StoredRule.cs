using EsoCore.Rules;

namespace EsoCore.Grains.Rules;

/// <summary>
/// A rule's document. A built-in rule that was taken away keeps one without a definition: without any, the built-in one is in force.
/// </summary>
internal sealed record StoredRule(RuleDefinition? Rule);

/// <summary>
/// The document of a project's set: which rules it was made of, so that its version moves with every edit and by nothing else.
/// </summary>
/// <param name="Rules">Ids and versions of the stored rules, as one hash.</param>
internal sealed record StoredRuleSet(string Rules);
