namespace EsoCore.Grains.Assets;

/// <summary>What an asset remembers.</summary>
[GenerateSerializer, Immutable, Alias("asset-state")]
internal sealed record AssetState
{
    /// <summary>The layout of this document.</summary>
    [Id(0)]
    public int Format { get; init; } = 1;

    /// <summary>The devices that told of it, packed by <see cref="Events.SourceTable"/>.</summary>
    [Id(1)]
    public ReadOnlyMemory<byte> Sources { get; init; }

    /// <summary>Its cycles.</summary>
    [Id(2)]
    public CycleState Cycles { get; init; } = CycleState.Empty;
}
