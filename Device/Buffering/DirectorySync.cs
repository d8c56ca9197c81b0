using System.ComponentModel;
using System.Runtime.InteropServices;

namespace EsoCore.Device;

/// <summary>
/// Puts a directory's entries on the medium: a file that was synced is lost all the same while the entry that names it is only in memory.
/// .NET cannot open a directory, so this asks the C library. Nothing happens on Windows, which has no such call for a directory; NTFS journals its
/// entries, but a FAT card may there lose a file made shortly before a power cut.
/// </summary>
internal static class DirectorySync
{
    private const int ReadOnly = 0;
    private const int InvalidArgument = 22;

    /// <summary>Returns when the entries are on the medium.</summary>
    /// <exception cref="IOException">The directory cannot be opened, or the medium failed.</exception>
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(directory, ReadOnly);
        if (descriptor < 0)
            throw Failure(directory, Marshal.GetLastPInvokeError());
        try
        {
            // Some file systems have nothing to sync for a directory and say that the argument is invalid.
            if (Sync(descriptor) != 0 && Marshal.GetLastPInvokeError() is var error and not InvalidArgument)
                throw Failure(directory, error);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string directory, int error) =>
        new($"The directory {directory} cannot be synced: {new Win32Exception(error).Message}");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
