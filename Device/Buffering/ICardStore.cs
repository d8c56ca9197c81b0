namespace EsoCore.Device;

/// <summary>The few file operations that a card's buffer needs, so that it runs on a card, in memory, and in tests on a card that fails.</summary>
public interface ICardStore : IDisposable
{
    /// <summary>All files with their length in bytes.</summary>
    IReadOnlyList<(string Name, long Bytes)> List();

    /// <summary>Adds bytes to the end of a file, which is made if need be. A power cut, or a card that is full or fails, may leave any part of them.</summary>
    /// <exception cref="IOException">The card is full or failed.</exception>
    void Append(string name, ReadOnlySpan<byte> bytes);

    /// <summary>Returns when what was appended to the file is on the medium, whoever appended it. Nothing happens if the file is not there.</summary>
    void Sync(string name);

    /// <summary>Reads from an offset until the buffer is full or the file ends.</summary>
    /// <returns>Bytes read; 0 for a file that is not there.</returns>
    int Read(string name, long offset, Span<byte> buffer);

    /// <summary>Cuts a file to a length.</summary>
    void Truncate(string name, long bytes);

    /// <summary>Writes a whole file so that after a power cut either the old or the new content is there.</summary>
    void Replace(string name, ReadOnlySpan<byte> bytes);

    /// <summary>Removes a file; nothing happens if it is not there.</summary>
    void Delete(string name);
}
