namespace EsoCore.Wire;

/// <summary>Sizes that devices cut their batches to, and what a server takes unless its options say otherwise.</summary>
public static class BatchLimits
{
    /// <summary>A device cuts a batch at this many records.</summary>
    public const int MaxRecordsPerDeviceBatch = 5_000;

    /// <summary>A device cuts a batch at this many bytes of records, before compression.</summary>
    public const int MaxBytesPerDeviceBatch = 1_000_000;

    /// <summary>The largest body a server takes, in bytes as sent; above it the answer is 413.</summary>
    public const int DefaultMaxCompressedBytes = 8 * 1024 * 1024;

    /// <summary>The largest body a server takes, in bytes after decompression; above it the answer is 413.</summary>
    public const int DefaultMaxDecompressedBytes = 64 * 1024 * 1024;

    /// <summary>The most records a server takes in one batch; above it the answer is 413.</summary>
    public const int DefaultMaxRecords = 50_000;
}
