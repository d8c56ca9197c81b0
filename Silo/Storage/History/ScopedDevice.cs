namespace EsoCore.Silo.Storage;

/// <summary>A device that a caller may see. What is stored before its floor is hidden.</summary>
internal readonly record struct ScopedDevice(Guid Id, long No, long FloorUs);
