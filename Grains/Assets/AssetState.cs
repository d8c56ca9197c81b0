using System.Text.Json;
using System.Text.Json.Serialization;

namespace EsoCore.Grains.Assets;

/// <summary>What an asset remembers.</summary>
[GenerateSerializer, Immutable, Alias("asset-state")]
internal sealed record AssetState
{
    /// <summary>The format that this program writes, and the highest that it reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The format of this document.</summary>
    [Id(0)]
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The devices that told of it, packed by <see cref="Events.SourceTable"/>.</summary>
    [Id(1)]
    public ReadOnlyMemory<byte> Sources { get; init; }

    /// <summary>Its cycles.</summary>
    [Id(2)]
    public CycleState Cycles { get; init; } = CycleState.Empty;

    /// <summary>Fields of a newer program, carried along.</summary>
    [Id(3), JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }
}
