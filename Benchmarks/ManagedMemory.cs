namespace EsoCore.Benchmarks;

/// <summary>Managed memory that is in use, after everything that can go has gone.</summary>
internal static class ManagedMemory
{
    /// <summary>Bytes in use after three full, compacting collections with their finalizers.</summary>
    internal static long Settled()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
