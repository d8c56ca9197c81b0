using System.Collections.Frozen;
using System.Text.Json;
using EsoCore.Grains.Rules.Conditions;
using EsoCore.Rules;

namespace EsoCore.Grains.Rules;

/// <summary>A rule read once, for as long as the set it stands in.</summary>
internal sealed class CompiledRule
{
    private readonly FrozenSet<string>? _assets;
    private readonly FrozenSet<string>? _assetTypes;

    internal CompiledRule(string id, long version, RuleDefinition definition)
    {
        (Id, Version, Definition) = (id, version, definition);
        var condition = ConditionReader.Read(definition.Condition);
        Condition = condition is DevicesCondition devices ? devices.Of : condition;
        _assets = SetOf(definition.Scope.Assets);
        _assetTypes = SetOf(definition.Scope.AssetTypes);
        Print = PrintOf($"{definition.Condition}\n{definition.Subject}\n{JsonSerializer.Serialize(definition.Scope)}");
        MutesSensors = definition.Actions.Any(action => action is DisableSensorAlertsAction);
    }

    internal string Id { get; }

    internal long Version { get; }

    internal RuleDefinition Definition { get; }

    /// <summary>What a device watches: of a condition on several devices, its own part.</summary>
    internal Condition Condition { get; }

    /// <summary>
    /// A hash of what it watches: what is held for a rule that watched something else is not its own. The same in every process.
    /// </summary>
    internal int Print { get; }

    /// <summary>Whether metric rules pass over the sensor that its event names.</summary>
    internal bool MutesSensors { get; }

    /// <summary>Whether only records that name an asset concern it.</summary>
    internal bool NeedsAsset => _assets is not null || _assetTypes is not null;

    /// <summary>Whether the type of an asset must be known to tell.</summary>
    internal bool NeedsAssetTypes => _assetTypes is not null;

    /// <summary>Whether records of the asset (empty: of none) concern the rule.</summary>
    internal bool Concerns(string asset, AssetTypes types) =>
        (_assets is null || _assets.Contains(asset)) &&
        (_assetTypes is null || (asset.Length > 0 && types.Of(asset) is { } type && _assetTypes.Contains(type)));

    /// <summary>
    /// Whether devices of these traits are in its scope; a rule about sites concerns none without one. <c>Devices</c> of the scope is
    /// asked by <see cref="ConcernsDevice"/>.
    /// </summary>
    internal bool ConcernsTraits(string model, string? site, ImmutableSortedDictionary<string, string> tags)
    {
        var scope = Definition.Scope;
        return (site is not null || Definition.Subject != EsoCore.Rules.SubjectKind.Site)
            && (scope.Models.IsDefaultOrEmpty || scope.Models.Contains(model))
            && (scope.Sites.IsDefaultOrEmpty || (site is not null && scope.Sites.Contains(site)))
            && (scope.Tags is null || scope.Tags.All(tag => tags.TryGetValue(tag.Key, out var value) && value == tag.Value));
    }

    /// <summary>Whether the scope names devices at all.</summary>
    internal bool NamesDevices => !Definition.Scope.Devices.IsDefaultOrEmpty;

    internal bool ConcernsDevice(Guid device) => !NamesDevices || Definition.Scope.Devices.Contains(device);

    /// <summary>FNV-1a; two that meet by chance would only leave an old episode to end by itself.</summary>
    private static int PrintOf(string text)
    {
        var hash = 2166136261;
        foreach (var c in text)
            hash = (hash ^ c) * 16777619;
        return unchecked((int)hash);
    }

    private static FrozenSet<string>? SetOf(ImmutableArray<string> items) =>
        items.IsDefaultOrEmpty ? null : items.ToFrozenSet(StringComparer.Ordinal);
}

/// <summary>The types of the assets that a batch names, as they are registered; looked up before the batch is folded.</summary>
internal sealed class AssetTypes(IReadOnlyDictionary<string, string?> types)
{
    internal static AssetTypes None { get; } = new(new Dictionary<string, string?>());

    internal string? Of(string asset) => types.GetValueOrDefault(asset);
}
