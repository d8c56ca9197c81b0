using System.Reflection;
using System.Runtime.InteropServices;

namespace EsoCore.Wire;

/// <summary>Finds the system's compression libraries under the names that different systems give them.</summary>
internal static class NativeCodecLibrary
{
    public const string Zstd = "esocore-zstd";
    public const string Lz4 = "esocore-lz4";

    // Debian and its kin ship only the versioned name without development packages; the rest is for other systems.
    private static readonly string[] ZstdNames = ["libzstd.so.1", "libzstd.1.dylib", "libzstd.dll"];
    private static readonly string[] Lz4Names = ["liblz4.so.1", "liblz4.1.dylib", "liblz4.dll"];

    private static readonly Lazy<nint> ZstdHandle = new(() => Load(ZstdNames, "ZSTD_DCtx_setParameter"));
    private static readonly Lazy<nint> Lz4Handle = new(() => Load(Lz4Names, "LZ4F_decompress"));

    static NativeCodecLibrary() => NativeLibrary.SetDllImportResolver(typeof(NativeCodecLibrary).Assembly, Resolve);

    public static bool IsZstdLoaded => ZstdHandle.Value != 0;

    public static bool IsLz4Loaded => Lz4Handle.Value != 0;

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name switch
    {
        Zstd => ZstdHandle.Value,
        Lz4 => Lz4Handle.Value,
        _ => 0,
    };

    /// <summary>Zero when no library of these names loads, or it lacks a function we need.</summary>
    private static nint Load(string[] names, string neededFunction)
    {
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, typeof(NativeCodecLibrary).Assembly, null, out var handle)
                && NativeLibrary.TryGetExport(handle, neededFunction, out _))
                return handle;
        }

        return 0;
    }
}
