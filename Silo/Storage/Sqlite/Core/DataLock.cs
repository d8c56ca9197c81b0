namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>
/// Holds a data directory for this process. The lock is the operating system's (flock), so it goes with the process however that ends;
/// the file itself stays and means nothing.
/// </summary>
internal sealed class DataLock : IDisposable
{
    private readonly FileStream _file;

    private DataLock(FileStream file) => _file = file;

    /// <summary>Takes the lock, or throws <see cref="IOException"/> that names the holder.</summary>
    public static DataLock Take(string directory)
    {
        FileStream file;
        try
        {
            file = new FileStream(Path.Combine(directory, "esocore.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException(
                $"The data directory '{directory}' is in use by another process ({Holder(directory)}). Stop it, or choose another directory.",
                e);
        }

        // In a file of its own, because the locked one cannot be read by others.
        File.WriteAllText(HolderFile(directory), $"{Environment.ProcessId}\n");
        return new DataLock(file);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static string HolderFile(string directory) => Path.Combine(directory, "esocore.pid");

    private static string Holder(string directory)
    {
        try
        {
            return int.TryParse(File.ReadAllText(HolderFile(directory)), out int id) ? $"process {id}" : "process unknown";
        }
        catch (IOException)
        {
            return "process unknown";
        }
    }
}
