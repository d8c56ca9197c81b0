using EsoCore.Rules;

namespace EsoCore.Grains.Rules;

/// <summary>The rules of a project as this silo knows them.</summary>
/// <param name="Version">Grows with every edit of a rule of the project; 0 while none was ever edited.</param>
/// <param name="Rules">By id, the built-in ones and those switched off included.</param>
internal sealed record RuleBook(long Version, ImmutableSortedDictionary<string, Versioned<RuleDefinition>> Rules);

/// <summary>The rules of projects, held by each silo: an edit wakes nobody, and is in force everywhere within seconds.</summary>
internal interface IRuleBooks
{
    /// <summary>The rules of a project. While they cannot be read the last ones known are in force; throws only when none were ever read.</summary>
    ValueTask<RuleBook> Get(Guid projectId);
}
