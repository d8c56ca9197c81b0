using System.Collections.Immutable;
using EsoCore.Feed;
using EsoCore.Grains.Incidents;
using EsoCore.Grains.Rules;
using EsoCore.Notifications;
using EsoCore.Rules;

namespace EsoCore.Tests.Incidents;

/// <summary>Rules that a test sets; the same in every project.</summary>
internal sealed class FakeRuleBooks : IRuleBooks
{
    private ImmutableSortedDictionary<string, Versioned<RuleDefinition>> _rules =
        ImmutableSortedDictionary<string, Versioned<RuleDefinition>>.Empty.WithComparers(StringComparer.Ordinal);

    public void Set(string id, RuleDefinition rule) => _rules = _rules.SetItem(id, new Versioned<RuleDefinition>(id, 1, rule));

    public ValueTask<RuleBook> Get(Guid projectId) => ValueTask.FromResult(new RuleBook(1, _rules));
}

/// <summary>Remembers what was handed on, and refuses it while a test wants that.</summary>
internal sealed class FakeOutlet : IIncidentOutlet
{
    private readonly Lock _gate = new();
    private readonly List<(string To, Notice Notice)> _tried = [];
    private readonly List<(string To, Notice Notice)> _taken = [];
    private readonly List<FeedEntry> _entries = [];

    /// <summary>Whether it takes nothing.</summary>
    public bool IsAway { get; set; }

    /// <summary>Whether it takes what is handed on and then fails, as one does that dies before it answers.</summary>
    public bool DiesAfter { get; set; }

    public ImmutableArray<(string To, Notice Notice)> Tried => Copy(_tried);

    public ImmutableArray<(string To, Notice Notice)> Taken => Copy(_taken);

    public ImmutableArray<FeedEntry> Entries => Copy(_entries);

    /// <summary>What arrived, repeats dropped by id, as receivers do.</summary>
    public IEnumerable<string> Told => Taken.DistinctBy(t => t.Notice.Id).Select(t => $"{t.Notice.Kind} {t.To}");

    public Task Notify(Guid projectId, string to, ImmutableArray<Notice> notices)
    {
        lock (_gate)
        {
            _tried.AddRange(notices.Select(n => (to, n)));
            if (!IsAway)
                _taken.AddRange(notices.Select(n => (to, n)));
        }

        return IsAway || DiesAfter ? Task.FromException(new InvalidOperationException("away")) : Task.CompletedTask;
    }

    public Task Publish(Guid projectId, ImmutableArray<FeedEntry> entries)
    {
        lock (_gate)
            _entries.AddRange(entries);
        return Task.CompletedTask;
    }

    private ImmutableArray<T> Copy<T>(List<T> list)
    {
        lock (_gate)
            return [.. list];
    }
}
