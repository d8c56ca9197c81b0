namespace EsoCore.Silo.Storage.Sqlite;

/// <summary>The one place that says which devices a scope has.</summary>
internal static class HistoryScope
{
    private static readonly SqlFile Sql = SqlFile.Of(typeof(HistoryScope));

    /// <summary>The devices by id, while the caller goes through them; with an id, that one if it is within the scope.</summary>
    public static IEnumerable<ScopedDevice> Devices(Db db, Scope scope, Guid? deviceId, string? siteId = null)
    {
        using var row = deviceId is null
            ? db.Use(Sql["all_devices"]).Add(scope.ProjectId).Add(siteId)
            : db.Use(Sql["one_device"]).Add(scope.ProjectId).Add(deviceId).Add(siteId);
        while (row.Step())
            yield return new(row.Guid(0), row.Long(1), row.LongOrNull(2) ?? TimeSpanUs.MinUs);
    }

    /// <summary>The device, or null when the scope has none of that id.</summary>
    public static ScopedDevice? Device(Db db, Scope scope, Guid deviceId)
    {
        foreach (var device in Devices(db, scope, deviceId))
            return device;
        return null;
    }
}
