namespace EsoCore.Device;

/// <summary>A card in memory, for simulated devices. Not safe for several threads at once.</summary>
public sealed class MemoryCardStore : ICardStore
{
    private readonly Dictionary<string, MemoryStream> _files = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IReadOnlyList<(string Name, long Bytes)> List() => [.. _files.Select(f => (f.Key, f.Value.Length))];

    /// <inheritdoc/>
    public void Append(string name, ReadOnlySpan<byte> bytes)
    {
        if (!_files.TryGetValue(name, out var file))
            _files[name] = file = new MemoryStream();
        file.Position = file.Length;
        file.Write(bytes);
    }

    /// <inheritdoc/>
    public void Sync(string name)
    {
    }

    /// <inheritdoc/>
    public int Read(string name, long offset, Span<byte> buffer)
    {
        if (!_files.TryGetValue(name, out var file))
            return 0;
        file.Position = Math.Min(offset, file.Length);
        return file.Read(buffer);
    }

    /// <inheritdoc/>
    public void Truncate(string name, long bytes)
    {
        if (_files.TryGetValue(name, out var file))
            file.SetLength(Math.Min(bytes, file.Length));
    }

    /// <inheritdoc/>
    public void Replace(string name, ReadOnlySpan<byte> bytes)
    {
        if (!_files.TryGetValue(name, out var file))
            _files[name] = file = new MemoryStream();
        file.SetLength(0);
        file.Write(bytes);
    }

    /// <inheritdoc/>
    public void Delete(string name) => _files.Remove(name);

    /// <inheritdoc/>
    public void Dispose() => _files.Clear();
}
