namespace EsoCore.Silo.Storage;

/// <summary>Asks whether the storage serves; whichever engine it is.</summary>
public interface IStorageProbe
{
    /// <summary>Whether the storage answers reads and takes and ends writes.</summary>
    Task<bool> Ping(CancellationToken cancel);
}
