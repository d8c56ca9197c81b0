using Microsoft.Win32.SafeHandles;

namespace EsoCore.Device;

/// <summary>
/// A directory as a card. A file that was made or replaced is still there after a power cut, on Windows only as far as its file system journals
/// names. Not safe for several threads or processes at once.
/// </summary>
public sealed class FileCardStore : ICardStore
{
    /// <summary>Files kept open for appending: the current one of each lane.</summary>
    private const int MaxOpenFiles = 2;

    private const string TemporarySuffix = ".new";

    private readonly string _directory;
    private readonly List<(string Name, SafeFileHandle Handle)> _open = [];

    /// <summary>Opens the directory, making it if need be, and removes what an interrupted <see cref="Replace"/> left.</summary>
    public FileCardStore(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
        foreach (var left in Directory.EnumerateFiles(directory, "*" + TemporarySuffix))
            File.Delete(left);
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, long Bytes)> List() =>
        [.. new DirectoryInfo(_directory).EnumerateFiles().Select(f => (f.Name, f.Length))];

    /// <inheritdoc/>
    public void Append(string name, ReadOnlySpan<byte> bytes)
    {
        var file = OpenForAppend(name);
        RandomAccess.Write(file, bytes, RandomAccess.GetLength(file));
    }

    /// <inheritdoc/>
    public void Sync(string name)
    {
        if (_open.Find(f => f.Name == name).Handle is { } known)
        {
            RandomAccess.FlushToDisk(known);
            return;
        }

        // Written before this store was opened, perhaps by a process that ended before it synced.
        if (!File.Exists(PathOf(name)))
            return;
        using var file = File.OpenHandle(PathOf(name), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    /// <inheritdoc/>
    public int Read(string name, long offset, Span<byte> buffer)
    {
        if (!File.Exists(PathOf(name)))
            return 0;
        using var file = File.OpenHandle(PathOf(name), share: FileShare.ReadWrite);
        var total = 0;
        while (total < buffer.Length)
        {
            var read = RandomAccess.Read(file, buffer[total..], offset + total);
            if (read == 0)
                break;
            total += read;
        }

        return total;
    }

    /// <inheritdoc/>
    public void Truncate(string name, long bytes)
    {
        Close(name);
        using var file = new FileStream(PathOf(name), FileMode.Open, FileAccess.Write);
        file.SetLength(bytes);
        file.Flush(flushToDisk: true);
    }

    /// <inheritdoc/>
    public void Replace(string name, ReadOnlySpan<byte> bytes)
    {
        var temporary = PathOf(name) + TemporarySuffix;
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, PathOf(name), overwrite: true);
        DirectorySync.Flush(_directory);
    }

    /// <inheritdoc/>
    public void Delete(string name)
    {
        Close(name);
        File.Delete(PathOf(name));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, handle) in _open)
            handle.Dispose();
        _open.Clear();
    }

    private SafeFileHandle OpenForAppend(string name)
    {
        if (_open.Find(f => f.Name == name).Handle is { } known)
            return known;
        while (_open.Count >= MaxOpenFiles)
            Close(_open[0].Name);
        var isNew = !File.Exists(PathOf(name));
        var opened = File.OpenHandle(PathOf(name), FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        _open.Add((name, opened));
        if (isNew)
            DirectorySync.Flush(_directory);
        return opened;
    }

    private void Close(string name)
    {
        var at = _open.FindIndex(f => f.Name == name);
        if (at < 0)
            return;
        using var file = _open[at].Handle;
        _open.RemoveAt(at); // First, so that a medium that fails below leaves no closed file among the open ones.
        RandomAccess.FlushToDisk(file);
    }

    private string PathOf(string name) => Path.Combine(_directory, name);
}
