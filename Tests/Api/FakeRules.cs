using System.Collections.Immutable;
using EsoCore.Grains.Rules;
using EsoCore.Rules;

namespace EsoCore.Tests.Api;

/// <summary>A rule in plain memory, checked as the real one is.</summary>
internal sealed class FakeRule(string key) : IRuleGrain
{
    private readonly FakeDocument<RuleDefinition> _rule = new(key);

    public Task<RuleView?> Get() =>
        Task.FromResult(_rule.Current is { } rule ? new RuleView(rule, false, new RuleCounts(2, 1, 5, null)) : null);

    public Task<EditResult<RuleDefinition>> Put(RuleDefinition rule, long? expectedVersion, bool onlyCreate) =>
        Task.FromResult(RuleValidator.Validate(_rule.Id, rule) is { IsEmpty: false } errors
            ? EditResult<RuleDefinition>.Faulty(errors) : _rule.Put(rule, expectedVersion, onlyCreate));

    public Task<EditResult<RuleDefinition>> Delete(long? expectedVersion) => Task.FromResult(_rule.Delete(expectedVersion));
}

/// <summary>A set that holds the built-in rules.</summary>
internal sealed class FakeRuleSet : IRuleSetGrain
{
    private static readonly ImmutableArray<Versioned<RuleDefinition>> Rules =
        [.. DefaultRules.All.Select(rule => new Versioned<RuleDefinition>(rule.Key, 0, rule.Value))
            .OrderBy(rule => rule.Id, StringComparer.Ordinal)];

    public Task<RuleSet?> GetIfChanged(long known) => Task.FromResult<RuleSet?>(known == 0 ? null : new RuleSet(0, Rules));

    public Task Refresh() => Task.CompletedTask;

    public Task<Page<Versioned<RuleDefinition>>> List(PageRequest page) => Task.FromResult(
        new Page<Versioned<RuleDefinition>>([.. Rules.Take(page.Limit)], Rules.Length > page.Limit ? Rules[page.Limit - 1].Id : null));
}

/// <summary>A trial that finds nothing.</summary>
internal sealed class FakeTrial : IRuleTrialGrain
{
    public Task<RuleTrial> Try(Scope scope, RuleDefinition rule, DateTimeOffset from, DateTimeOffset to) =>
        Task.FromResult(new RuleTrial(RuleValidator.Validate(rule), 1, 2, false, []));
}
