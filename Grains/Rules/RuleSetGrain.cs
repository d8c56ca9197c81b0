using System.Security.Cryptography;
using System.Text;
using EsoCore.Grains.Projects;
using EsoCore.Grains.Storage;
using EsoCore.Rules;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Rules;

/// <summary>
/// Puts the rules of a project together: what is stored over what is built in. Silos ask it every few seconds whether its version moved; it
/// reads the store again after an edit, and now and then in case the word of one was lost.
/// </summary>
[GrainType("rule-set")]
internal sealed class RuleSetGrain(
    IResourceStore store, ResourceLimits limits, TimeProvider time, ILogger<RuleSetGrain> log) : Grain, IRuleSetGrain
{
    /// <summary>How old what was read may be while nobody tells of an edit.</summary>
    internal static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

    private const string Id = "rules";

    private ResourceDocument<StoredRuleSet> _document = null!;
    private RuleSet? _set;
    private ImmutableArray<string> _damaged = [];
    private long _readAt;
    private bool _isStale;
    private Task? _reading;

    private Guid ProjectId => Guid.ParseExact(this.GetPrimaryKeyString(), "D");

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _document = new ResourceDocument<StoredRuleSet>(store, limits, time, ProjectId, ResourceKinds.RuleSet, Id);
        await _document.Load();
    }

    /// <inheritdoc/>
    public async Task<RuleSet?> GetIfChanged(long known)
    {
        var set = await Read();
        return set.Version == known ? null : set;
    }

    /// <inheritdoc/>
    public async Task Refresh()
    {
        _isStale = true;
        await Read();
    }

    /// <inheritdoc/>
    public async Task<Page<Versioned<RuleDefinition>>> List(PageRequest page)
    {
        var set = await Read();
        var limit = Math.Clamp(page.Limit, 1, PageRequest.MaxLimit);
        ImmutableArray<Versioned<RuleDefinition>> rest = page.After is { } after
            ? [.. set.Rules.Where(rule => string.CompareOrdinal(rule.Id, after) > 0)] : set.Rules;
        var part = rest.Length <= limit
            ? new Page<Versioned<RuleDefinition>>(rest, null) : new Page<Versioned<RuleDefinition>>(rest[..limit], rest[limit - 1].Id);
        return page.After is null ? part with { Damaged = _damaged } : part; // Of all pages; they are few.
    }

    /// <summary>The set, read anew when it is stale. While the store is away, and one is known, that one.</summary>
    private async Task<RuleSet> Read()
    {
        if (_set is not null && !_isStale && time.GetElapsedTime(_readAt) < MaxAge)
            return _set;
        try
        {
            // Calls interleave: those that come while one reads wait for it, and read once more only if an edit came in between.
            while (_set is null || _isStale || time.GetElapsedTime(_readAt) >= MaxAge)
            {
                var reading = _reading ?? ReadOnce();
                _reading = reading.IsCompleted ? null : reading;
                await reading;
            }
        }
        catch (Exception error) when (_set is not null)
        {
            log.LogWarning(error, "The rules of project {Project} cannot be read; those last known are in force", ProjectId);
        }

        return _set;
    }

    private async Task ReadOnce()
    {
        try
        {
            _isStale = false;
            var (stored, damaged) = await ReadStored();
            var print = Print(stored);
            if (stored.Count > 0 || _document.Version > 0)
                await KeepVersion(print);
            _set = new RuleSet(_document.Version, Overlay(stored));
            _damaged = damaged;
            _readAt = time.GetTimestamp();
        }
        catch
        {
            _isStale = true;
            throw;
        }
        finally
        {
            _reading = null;
        }
    }

    /// <summary>A second activation may have moved the version already: what stands then is right for what both read.</summary>
    private async Task KeepVersion(string print)
    {
        if (_document.Readable?.Value.Rules != print)
            await _document.Put(new StoredRuleSet(print), expectedVersion: null, onlyCreate: false);
    }

    private async Task<(List<(string Id, long Version, RuleDefinition? Rule)> Rules, ImmutableArray<string> Damaged)> ReadStored()
    {
        var stored = new List<(string Id, long Version, RuleDefinition? Rule)>();
        var damaged = ImmutableArray.CreateBuilder<string>();
        for (var page = new PageRequest(IRuleSetGrain.MaxRules); ;)
        {
            var part = await store.List(ProjectId, ResourceKinds.Rule, page, CancellationToken.None);
            stored.AddRange(part.Items.Select(item => (item.Id, item.Version, ReadRule(item, damaged))));
            if (part.Next is null || stored.Count > 2 * IRuleSetGrain.MaxRules)
                return (stored, damaged.ToImmutable());
            page = page with { After = part.Next };
        }
    }

    /// <summary>One that cannot be read (a newer program's) is passed over, like one that was taken away.</summary>
    private RuleDefinition? ReadRule(StoredResource item, ImmutableArray<string>.Builder damaged)
    {
        try
        {
            return ResourceDocument<StoredRule>.Read(item).Value.Rule;
        }
        catch (Exception error)
        {
            log.LogError(error, "The rule '{Id}' of project {Project} cannot be read and is passed over", item.Id, ProjectId);
            damaged.Add(item.Id);
            return null;
        }
    }

    private static ImmutableArray<Versioned<RuleDefinition>> Overlay(List<(string Id, long Version, RuleDefinition? Rule)> stored)
    {
        var rules = DefaultRules.All.ToDictionary(
            rule => rule.Key, rule => new Versioned<RuleDefinition>(rule.Key, 0, rule.Value), StringComparer.Ordinal);
        foreach (var (id, version, rule) in stored)
        {
            if (rule is null)
                rules.Remove(id);
            else
                rules[id] = new Versioned<RuleDefinition>(id, version, rule);
        }

        return [.. rules.Values.OrderBy(rule => rule.Id, StringComparer.Ordinal)];
    }

    private static string Print(List<(string Id, long Version, RuleDefinition? Rule)> stored)
    {
        var text = new StringBuilder();
        foreach (var (id, version, _) in stored.OrderBy(rule => rule.Id, StringComparer.Ordinal))
            text.Append(id).Append('/').Append(version).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
