using System.Text.Json.Serialization;
using EsoCore.Assets;

namespace EsoCore.Api;

/// <summary>An asset as people manage it. While it is only heard of, its type is <c>other</c> and <c>registered</c> is false.</summary>
internal record AssetBody(
    string AssetId,
    string? SiteId,
    string Type,
    string? Make,
    string? Model,
    string? Serial,
    string? Location,
    DateOnly? InstalledOn,
    ImmutableSortedDictionary<string, string> Tags,
    bool Active,
    bool Registered)
{
    public AssetBody(Versioned<AssetDefinition> asset) : this(asset.Id, asset.Value, true)
    {
    }

    protected AssetBody(string id, AssetDefinition asset, bool registered)
        : this(
            id, asset.SiteId, asset.Type, asset.Make, asset.Model, asset.Serial, asset.Location, asset.InstalledOn, asset.Tags, asset.Active, registered)
    {
    }
}

/// <summary>An asset with its live cycle counts.</summary>
internal sealed record LiveAssetBody : AssetBody
{
    private static readonly AssetDefinition Unregistered =
        new(null, "other", null, null, null, null, null, ImmutableSortedDictionary<string, string>.Empty, true);

    public LiveAssetBody(AssetView view) : base(view.AssetId, view.Asset?.Value ?? Unregistered, view.Asset is not null) => Cycles = view.Cycles;

    [JsonPropertyOrder(1)]
    public CycleCounts Cycles { get; }
}

/// <summary>A page of assets.</summary>
internal sealed record AssetList(IEnumerable<AssetBody> Assets) : DocumentList;

/// <summary>A new asset.</summary>
internal sealed record NewAssetBody(
    string AssetId,
    string? SiteId,
    string Type,
    string? Make,
    string? Model,
    string? Serial,
    string? Location,
    DateOnly? InstalledOn,
    ImmutableSortedDictionary<string, string>? Tags,
    bool? Active);

/// <summary>A change of an asset: what is absent stays, what is null is cleared.</summary>
internal sealed record AssetChangeBody(
    string? SiteId,
    string? Type,
    string? Make,
    string? Model,
    string? Serial,
    string? Location,
    DateOnly? InstalledOn,
    ImmutableSortedDictionary<string, string>? Tags,
    bool? Active);

internal static class AssetForms
{
    private const int MaxText = 128;

    /// <summary>Reads an asset; what is absent stays as in <paramref name="current"/>, what is null is cleared.</summary>
    public static AssetDefinition Read(JsonForm form, AssetDefinition? current)
    {
        string? Text(string name, string? now) => form.IsNull(name) ? null : form.Text(name, MaxText) ?? now;
        return new AssetDefinition(
            Text("site_id", current?.SiteId) is { Length: > 0 } site ? site : null,
            form.Text("type", MaxText, required: current is null || form.IsNull("type")) ?? current?.Type ?? "",
            Text("make", current?.Make),
            Text("model", current?.Model),
            Text("serial", current?.Serial),
            Text("location", current?.Location),
            form.IsNull("installed_on") ? null : form.Date("installed_on") ?? current?.InstalledOn,
            (form.IsNull("tags") ? null : form.TextMap("tags", MaxText) ?? current?.Tags) ?? ImmutableSortedDictionary<string, string>.Empty,
            form.Flag("active") ?? current?.Active ?? true);
    }
}
