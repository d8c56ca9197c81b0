using EsoCore.Assets;
using EsoCore.Grains.Projects;

namespace EsoCore.Grains.Assets;

/// <summary>Checks what people say of an asset. Every fault is named, not just the first.</summary>
internal static class AssetValidator
{
    /// <summary>Tags an asset can have.</summary>
    public const int MaxTags = 32;

    /// <summary>Characters of a location.</summary>
    public const int MaxLocation = 512;

    /// <summary>The types there are.</summary>
    public static ImmutableArray<string> Types { get; } = ["door", "cnc", "robot", "pump", "motor", "conveyor", "other"];

    /// <summary>The faults of an asset; empty when it is good.</summary>
    public static ImmutableArray<FieldError> Validate(string code, AssetDefinition asset)
    {
        var errors = new List<FieldError>();
        TextRules.Required(errors, "asset_id", code);
        if (!string.IsNullOrEmpty(asset.SiteId))
            TextRules.Id(errors, "site_id", asset.SiteId);
        if (!Types.Contains(asset.Type))
            errors.Add(new FieldError("type", $"must be one of: {string.Join(", ", Types)}"));
        TextRules.Optional(errors, "make", asset.Make);
        TextRules.Optional(errors, "model", asset.Model);
        TextRules.Optional(errors, "serial", asset.Serial);
        TextRules.Optional(errors, "location", asset.Location, MaxLocation);
        TextRules.Tags(errors, "tags", asset.Tags, MaxTags);
        return [.. errors];
    }
}
