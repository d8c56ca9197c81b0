using System.Text.Json;
using System.Text.Json.Serialization;

namespace EsoCore.Grains.Sites;

/// <summary>What a site remembers.</summary>
[GenerateSerializer, Immutable, Alias("site-state")]
internal sealed record SiteState
{
    /// <summary>The format that this program writes, and the highest that it reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The format of this document.</summary>
    [Id(0)]
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The devices ever heard here, packed by <see cref="Events.SourceTable"/>; flags are <see cref="SitePresence"/>'s.</summary>
    [Id(1)]
    public ReadOnlyMemory<byte> Sources { get; init; }

    /// <summary>Fields of a newer program, carried along.</summary>
    [Id(2), JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; init; }
}
