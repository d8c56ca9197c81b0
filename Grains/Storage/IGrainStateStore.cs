namespace EsoCore.Grains.Storage;

/// <summary>Rows of grain state, one JSON document by (grain type, grain key, state name): what both engines' <c>IGrainStorage</c> is made of.</summary>
public interface IGrainStateStore
{
    /// <summary>The row, or null.</summary>
    Task<GrainStateRow?> Read(string grainType, string grainKey, string stateName, CancellationToken cancel);

    /// <summary>Writes if <paramref name="expectedEtag"/> stands (null: no row); the new ETag, or null when it does not.</summary>
    Task<string?> Write(string grainType, string grainKey, string stateName, string json, string? expectedEtag, CancellationToken cancel);

    /// <summary>Removes the row if <paramref name="expectedEtag"/> stands (null: there is none); whether it did.</summary>
    Task<bool> Clear(string grainType, string grainKey, string stateName, string? expectedEtag, CancellationToken cancel);
}

/// <summary>One row of grain state.</summary>
public sealed record GrainStateRow(string Json, string Etag);
