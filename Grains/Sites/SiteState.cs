namespace EsoCore.Grains.Sites;

/// <summary>What a site remembers.</summary>
[GenerateSerializer, Immutable, Alias("site-state")]
internal sealed record SiteState
{
    /// <summary>The layout of this document.</summary>
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>The devices ever heard here, packed by <see cref="Events.SourceTable"/>; flags are <see cref="SitePresence"/>'s.</summary>
    [Id(1)]
    public ReadOnlyMemory<byte> Sources { get; init; }
}
