namespace EsoCore.Grains.Liveness;

/// <summary>
/// Bounds how many devices the liveness grains of a silo ask at one time, all together: after a start each of a million may have to be read
/// from the database first, and uploads are to find room there too.
/// </summary>
internal sealed class AskingSlots : IDisposable
{
    /// <summary>Devices asked at one time.</summary>
    public const int Max = 64;

    private readonly SemaphoreSlim _free = new(Max);

    /// <summary>Waits for a slot.</summary>
    public Task Enter() => _free.WaitAsync();

    /// <summary>Gives it back.</summary>
    public void Leave() => _free.Release();

    /// <inheritdoc/>
    public void Dispose() => _free.Dispose();
}
