using EsoCore.Benchmarks.Server;

namespace EsoCore.Benchmarks.Ingest;

/// <summary>The storage under the server, and the plain rows it is held against. One is made for each measurement, over an empty store.</summary>
internal abstract class IngestTarget : IAsyncDisposable
{
    /// <summary>A folder of its own for the server's data.</summary>
    protected string Folder { get; } = Directory.CreateTempSubdirectory("esocore-bench-").FullName;

    /// <summary>Stores the points as rows, after some that do not count: points per second, and bytes a point afterwards.</summary>
    internal abstract Task<(double PointsPerSecond, double BytesPerPoint)> Rows(
        IReadOnlyList<GeneratedBatch> warm, IReadOnlyList<GeneratedBatch> batches);

    /// <summary>The server over this store, not yet started.</summary>
    internal abstract ServerProcess Server();

    /// <summary>Bytes that all points take, all indexes included: as they came, and once merged where that can be told.</summary>
    internal abstract Task<(double AsTheyCame, double? Merged)> Bytes();

    public virtual ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>The embedded storage.</summary>
internal sealed class SqliteTarget : IngestTarget
{
    internal override Task<(double PointsPerSecond, double BytesPerPoint)> Rows(
        IReadOnlyList<GeneratedBatch> warm, IReadOnlyList<GeneratedBatch> batches) =>
        Task.FromResult(RowBaseline.Run(Folder, warm, batches));

    internal override ServerProcess Server() => new(Folder);

    internal override Task<(double AsTheyCame, double? Merged)> Bytes() =>
        Task.FromResult<(double, double?)>((Directory.GetFiles(Folder, "esocore.db*").Sum(f => new FileInfo(f).Length), null));
}
