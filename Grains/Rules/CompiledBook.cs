using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using EsoCore.Grains.Devices;
using EsoCore.Grains.Rules.Conditions;
using Microsoft.Extensions.Logging;

namespace EsoCore.Grains.Rules;

/// <summary>The rules of a project, read once for each version of the set. A rule that cannot be read stops nothing but itself.</summary>
internal sealed class CompiledBook
{
    private readonly ImmutableArray<CompiledRule> _rules;
    private readonly ConditionalWeakTable<DeviceTraits, DeviceRules> _byTraits = [];
    private readonly ConcurrentDictionary<(DeviceRules Shared, string Named), DeviceRules> _named = [];
    private readonly ImmutableArray<CompiledRule> _namingDevices;

    internal CompiledBook(RuleBook book, ILogger log)
    {
        var rules = ImmutableArray.CreateBuilder<CompiledRule>();
        foreach (var (id, rule) in book.Rules)
        {
            if (!rule.Value.Enabled)
                continue;
            try
            {
                var compiled = new CompiledRule(id, rule.Version, rule.Value);
                // What the watch over the fleet evaluates concerns no device.
                if (compiled.Condition is not FleetPatternCondition)
                    rules.Add(compiled);
            }
            catch (Exception error)
            {
                log.LogWarning(error, "Rule {Rule} cannot be read and is passed over", id);
            }
        }

        _rules = rules.ToImmutable();
        _namingDevices = [.. _rules.Where(rule => rule.NamesDevices)];
    }

    /// <summary>The rules that concern a device. Devices that the same rules name share what is compiled.</summary>
    internal DeviceRules Of(DeviceTraits traits, Guid device)
    {
        var shared = _byTraits.GetValue(traits, Compile);
        if (_namingDevices.IsEmpty)
            return shared;
        var named = string.Join('/', _namingDevices.Where(rule => rule.ConcernsDevice(device)).Select(rule => rule.Id));
        return _named.GetOrAdd(
            (shared, named), key => new DeviceRules([.. key.Shared.All.Where(rule => rule.ConcernsDevice(device))]));
    }

    private DeviceRules Compile(DeviceTraits traits)
    {
        ImmutableArray<CompiledRule> rules = [.. _rules.Where(rule => rule.ConcernsTraits(traits.Model, traits.SiteId, traits.Tags))];
        return rules.IsEmpty ? DeviceRules.None : new DeviceRules(rules);
    }
}
