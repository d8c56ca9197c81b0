using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EsoCore.Silo.Hosting;

/// <summary>
/// The installation's master keys, from which all other keys derive (HKDF-SHA256). The file holds one key a line, <c>id base64</c>. The first
/// is in force; while it is being replaced a second one below it still opens what it made. Whoever has the file can sign tokens, so it is
/// made readable by its owner alone, and lost with it are the stored body-signature keys and the secrets of channels.
/// </summary>
internal sealed class MasterKeyFile : IInstallationKeys
{
    /// <summary>The file's name in the data directory.</summary>
    public const string FileName = "master.key";

    /// <summary>Keys the file can hold: the one in force and the one before.</summary>
    public const int MaxKeys = 2;

    private const int KeyBytes = 32;

    private readonly (byte Id, byte[] Master)[] _masters;
    private readonly ConcurrentDictionary<(string Purpose, byte Id), DerivedKey> _derived = new();

    private MasterKeyFile((byte Id, byte[] Master)[] masters) => _masters = masters;

    /// <summary>Where a process's file is.</summary>
    public static string PathOf(SiloOptions options) => Path.GetFullPath(options.MasterKeyFile ?? Path.Combine(options.Data, FileName));

    /// <summary>Reads a file that is there.</summary>
    /// <exception cref="InvalidDataException">The file is not as it must be; the message says where.</exception>
    public static MasterKeyFile Read(string path) => new(Parse(path, File.ReadAllLines(path)));

    /// <summary>Reads the file of a data directory, making it at the first start.</summary>
    /// <exception cref="InvalidDataException">The file is not as it must be; the message says where.</exception>
    public static MasterKeyFile Open(string directory)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(directory);
        else // The database lies beside the key: nobody else needs to read either.
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
            Create(path);
        return Read(path);
    }

    /// <summary>Whether others than the file's owner can read it.</summary>
    public static bool IsExposed(string path) =>
        !OperatingSystem.IsWindows()
        && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0;

    public DerivedKey Current(string purpose) => Find(purpose, _masters[0].Id)!;

    public DerivedKey? Find(string purpose, byte keyId)
    {
        if (_derived.TryGetValue((purpose, keyId), out var known))
            return known;
        foreach (var (id, master) in _masters)
        {
            if (id == keyId)
                return _derived.GetOrAdd((purpose, keyId), key => new DerivedKey(id, Derive(master, key.Purpose)));
        }

        return null;
    }

    private static byte[] Derive(byte[] master, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, master, KeyBytes, salt: null, info: Encoding.UTF8.GetBytes("esocore/v1/" + purpose));

    private static void Create(string path)
    {
        var text = "# EsoCore master keys: <id> <base64 of 32 bytes>. Keep this file secret, and keep a copy of it.\n"
            + "# To replace the key, put a new line with another id (1 to 255) above the old one and restart the server. Of several\n"
            + "# servers: put it below the old one on each and restart them all, then move it above on each and restart them again.\n"
            + "# Each start then seals anew what is stored (device signing keys, secrets of channels) and names in the log the one\n"
            + "# key that is still needed. Remove the old line when the last server named the new one, and no sooner than a day later:\n"
            + "# tokens were made with it.\n"
            + $"1 {Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes))}\n";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // Written aside and moved into place: a start that is cut off leaves no half a key behind.
        var aside = path + ".new";
        File.Delete(aside);
        using (var file = new FileStream(aside, options))
        {
            file.Write(Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(aside, path, overwrite: false);
    }

    private static (byte Id, byte[] Master)[] Parse(string path, string[] lines)
    {
        var keys = new List<(byte Id, byte[] Master)>();
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
                continue;
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var master = new byte[KeyBytes];
            if (parts.Length != 2
                || !byte.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || id == 0
                || !Convert.TryFromBase64String(parts[1], master, out var written)
                || written != KeyBytes)
                throw new InvalidDataException($"{path}, line {i + 1}: expected '<id from 1 to 255> <base64 of {KeyBytes} bytes>'.");
            if (keys.Exists(key => key.Id == id))
                throw new InvalidDataException($"{path}, line {i + 1}: key id {id} stands twice.");
            keys.Add((id, master));
        }

        return keys.Count is >= 1 and <= MaxKeys
            ? [.. keys]
            : throw new InvalidDataException($"{path}: holds {keys.Count} keys; it must hold 1 or {MaxKeys}.");
    }
}
