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
        string path = Path.Combine(directory, "esocore.lock");
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException(
                $"The data directory '{directory}' is in use by another process ({Holder(path)}). Stop it first, or choose another directory.", e);
        }

        file.SetLength(0);
        file.Write(System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        file.Flush();
        return new DataLock(file);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static string Holder(string path)
    {
        try
        {
            // The lock is advisory: who asks for no lock can read beside it.
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return int.TryParse(reader.ReadLine(), out int id) ? $"process {id}" : "process unknown";
        }
        catch (IOException)
        {
            return "process unknown";
        }
    }
}
