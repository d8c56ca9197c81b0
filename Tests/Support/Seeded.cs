using FsCheck;

namespace EsoCore.Tests.Support;

/// <summary>Settings of properties: each run tries the same cases, so that one who changed nothing meets no other outcome.</summary>
internal static class Seeded
{
    private const ulong Seed = 20_260_301;

    /// <summary>An odd number, as the generator asks for.</summary>
    private const ulong Gamma = 11_400_714_819_323_198_485;

    /// <summary>Tries so many cases, and throws at the first that fails.</summary>
    public static FsCheck.Config Cases(int count = 100) =>
        FsCheck.Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(Seed, Gamma);
}
